package io.meshd.cli.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshd.api.Services.PortConfig;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TemplateTest {
  private static final Map<String, Object> VALUE =
      Map.of(
          "None",
          List.of(),
          "Name",
          "web",
          "Empty",
          "",
          "Count",
          3L,
          "Tags",
          List.of("a", "b"),
          "Labels",
          Map.of("k", "v", "a", "b<c"),
          "Port",
          new PortConfig(null, "tcp", 80, null, "ingress"));

  @Test
  void pipelinesHandOnTheirValue() {
    assertEquals("[WEB]", Template.parse("[{{.Name | upper}}]").execute(VALUE));
    assertEquals("\"web\"", Template.parse("{{.Name | json}}").execute(VALUE));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "{{.Name}}|web",
        "a {{ .Name }} b|a web b",
        "a {{- .Name -}} b|awebb",
        "{{/* nothing */}}x|x",
        "{{json .Tags}}|[\"a\",\"b\"]",
        "{{json .Labels.a}}|\"b<c\"",
        "{{.Tags}} {{.Labels}}|[a b] map[a:b<c k:v]",
        "{{upper .Name}} {{title .Name}}|WEB Web",
        "{{join .Tags \"-\"}} {{len .Tags}} {{index .Labels \"k\"}} {{index .Tags 1}}|a-b 2 v b",
        "{{if .Empty}}x{{else}}y{{end}}{{if eq .Name \"web\"}}z{{end}}|yz",
        "{{if .Empty}}x{{else if .Name}}y{{else}}z{{end}}|y",
        "{{range .Tags}}<{{.}}>{{end}}|<a><b>",
        "{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}|a=b<c;k=v;",
        "{{range $i, $v := .Tags}}{{$i}}{{$v}}{{$.Name}} {{end}}|0aweb 1bweb ",
        "{{range .None}}x{{else}}none{{end}}|none",
        "{{with .Name}}[{{.}}]{{end}}|[web]",
        "{{$x := .Name}}{{$x}}{{printf \"%s-%d\" $x .Count}}|webweb-3",
        "{{.Port}} {{.Port.PublishedPort}} {{json .Port}}|{ tcp 80 0 ingress} 0"
            + " {\"Protocol\":\"tcp\",\"TargetPort\":80,\"PublishMode\":\"ingress\"}",
        "{{(index .Tags 0)}}{{not .Empty}}{{or .Empty .Name}}{{and .Name .Count}}|atrueweb3",
      })
  void rendersAsGoDoes(String source, String text) {
    assertEquals(text.strip(), Template.parse(source).execute(VALUE).strip());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "{{.Foo}}|:1:2: executing \"\" at <.Foo>: map has no entry for key \"Foo\"",
        "{{.Port.Foo}}|:1:7: executing \"\" at <.Port.Foo>: can't evaluate field Foo in type"
            + " swarm.PortConfig",
        "{{.Name|:1: unclosed action",
        "{{foo .Name}}|:1: function \"foo\" not defined",
        "{{}}|:1: missing value for command",
        "{{if .Name}}x|:1: unexpected EOF",
        "{{\"x}}|:1: unterminated quoted string",
      })
  void refusesInGosWords(String source, String words) {
    TemplateFailure failure =
        assertThrows(TemplateFailure.class, () -> Template.parse(source).execute(VALUE));
    assertEquals("template parsing error: template: " + words, failure.text());
  }
}
