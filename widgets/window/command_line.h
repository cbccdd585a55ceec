#pragma once

#include "checks/target.h"
#include "look/theme.h"

#include <QSize>

#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// `quantscope-gui [FILE] [--recipe R.toml] [--compare B] [--data X [--labels Y]] [--theme light|dark]`, and with
/// `--screenshot DIR` `[--size WxH] [--layer NAME] [--slot NAME] [--target T]`.
struct CommandLine {
    std::string file, recipe, second, data, labels, layer, slot, screenshotFolder;
    std::optional<ThemeChoice> theme;
    std::optional<Target> target; ///< whose problems are drawn
    QSize size{1440, 900};
    std::optional<int> exitStatus; ///< end at once: 0 after --help and --version, 2 on wrong usage
    std::string message;

    bool screenshots() const { return !screenshotFolder.empty(); }
};

CommandLine parseCommandLine(const std::vector<std::string> &arguments);
ThemeChoice savedTheme();

} // namespace quantscope
