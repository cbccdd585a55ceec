#pragma once

namespace quantscope {

struct CommandLine;

/// Draws every page to DIR/PAGE.png: start, overview, distribution, values, channels, compare, compare-sweep,
/// compare-power, compare-data, problems, recipe, export; with data what flows on them. Waits for everything that is
/// computed, so equal input gives equal pictures. Returns the exit status: 0, or 3 with a sentence on stderr when the
/// file cannot be read or run or a picture not written, 2 for an unknown layer.
int takeScreenshots(const CommandLine &line);
/// The data that the line names become those of its model.
void rememberData(const CommandLine &line);

} // namespace quantscope
