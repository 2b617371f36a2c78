package io.meshd.cli.format;

import java.util.ArrayList;
import java.util.List;

/**
 * Aligns tab-separated cells as Go's tabwriter does with Docker's settings: a column is at least
 * ten wide and three wider than its longest cell; the last cell of a line is not padded.
 */
final class TabWriter {
  private static final int MIN_WIDTH = 10;
  private static final int PADDING = 3;

  private TabWriter() {}

  static String align(List<String> lines) {
    List<String[]> rows = new ArrayList<>();
    int columns = 0;
    for (String line : lines) {
      String[] cells = line.split("\t", -1);
      rows.add(cells);
      columns = Math.max(columns, cells.length);
    }
    int[][] widths = new int[rows.size()][columns];
    for (int column = 0; column < columns; column++) {
      measure(rows, widths, column);
    }
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < rows.size(); i++) {
      String[] cells = rows.get(i);
      for (int column = 0; column < cells.length - 1; column++) {
        out.append(cells[column]);
        out.repeat(' ', widths[i][column] - width(cells[column]));
      }
      out.append(cells[cells.length - 1]).append('\n');
    }
    return out.toString();
  }

  /** Consecutive lines that have a tab after this cell share one width. */
  private static void measure(List<String[]> rows, int[][] widths, int column) {
    int first = 0;
    while (first < rows.size()) {
      int width = MIN_WIDTH;
      int last = first;
      while (last < rows.size() && rows.get(last).length - 1 > column) {
        width = Math.max(width, width(rows.get(last)[column]) + PADDING);
        last++;
      }
      for (int i = first; i < last; i++) {
        widths[i][column] = width;
      }
      first = Math.max(last, first + 1);
    }
  }

  private static int width(String text) {
    return text.codePointCount(0, text.length());
  }
}
