package io.meshd.cli.format;

import java.util.Map;

/**
 * One line of a listing: what {@code {{.Name}}} may ask for.
 *
 * @param type Docker's name of it in error messages, for example {@code *service.serviceContext}
 * @param fields values by name; strings, except where Docker has a boolean
 */
public record Row(String type, Map<String, Object> fields) {}
