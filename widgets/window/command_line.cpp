#include "window/command_line.h"

#include "session/settings.h"

#include <cstdio>

using namespace Qt::StringLiterals;

namespace quantscope {

static const char *const kUsage
    = "usage: quantscope-gui [FILE] [--recipe R.toml] [--compare B] [--data X] [--labels Y] [--theme light|dark]\n"
      "       quantscope-gui --screenshot DIR [--compare B] [--data X] [--labels Y] [--theme light|dark] [--size WxH]\n"
      "                      [--layer NAME] [--slot NAME] [--target T] FILE\n"
      "\n"
      "Opens a quantized model. With --screenshot every page is drawn without a display to DIR/PAGE.png.\n"
      "\n"
      "  --recipe R.toml      The recipe of a checkpoint (default: MODEL.recipe.toml beside it)\n"
      "  --compare B          Another model, to show where the two differ\n"
      "  --data X             What the network runs on: .npy, .npz, FILE.npz:KEY or IDX; kept for this model\n"
      "  --labels Y           One integer a sample, in the same forms\n"
      "  --theme light|dark   The colours (default: those chosen last)\n"
      "  --screenshot DIR     Draws every page to DIR/PAGE.png and ends\n"
      "  --size WxH           How large, from 640x480 to 16384x16384 (default: 1440x900)\n"
      "  --layer NAME         Which layer is drawn (default: the first)\n"
      "  --slot NAME          Which slot of it, such as bias, or with --data result (default: the weight)\n"
      "  --target T           Whose problems are drawn: finn, hls4ml, dpu, onnx, pytorch or hls (default: none)\n"
      "  --help               Prints this and ends\n"
      "  --version            Prints the version and ends\n";

static CommandLine &stop(CommandLine &line, int status, const std::string &message)
{
    line.exitStatus = status;
    line.message = message;
    return line;
}

/// The reason why a value cannot be used, or empty.
static std::string setOption(CommandLine &line, const std::string &name, const std::string &value)
{
    if (name == "--recipe")
        line.recipe = value;
    else if (name == "--compare")
        line.second = value;
    else if (name == "--layer")
        line.layer = value;
    else if (name == "--slot")
        line.slot = value;
    else if (name == "--data")
        line.data = value;
    else if (name == "--labels")
        line.labels = value;
    else if (name == "--screenshot")
        line.screenshotFolder = value;
    else if (name == "--target" && (line.target = targetFromName(value)))
        return {};
    else if (name == "--target")
        return "--target is finn, hls4ml, dpu, onnx, pytorch or hls, not " + value;
    else if (name == "--theme" && (value == "light" || value == "dark"))
        line.theme = value == "dark" ? ThemeChoice::Dark : ThemeChoice::Light;
    else if (name == "--theme")
        return "--theme is light or dark, not " + value;
    else if (name == "--size") {
        int width = 0;
        int height = 0;
        char end = 0;
        if (std::sscanf(value.c_str(), "%dx%d%c", &width, &height, &end) != 2 || width < 640 || height < 480
            || width > 16384 || height > 16384)
            return "--size is WIDTHxHEIGHT from 640x480 to 16384x16384, not " + value;
        line.size = {width, height};
    } else
        return "unknown option " + name;
    return {};
}

CommandLine parseCommandLine(const std::vector<std::string> &arguments)
{
    CommandLine line;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string &word = arguments[i];
        if (word == "--help" || word == "-h")
            return stop(line, 0, kUsage);
        if (word == "--version")
            return stop(line, 0, "quantscope-gui " QUANTSCOPE_VERSION "\n");
        if (!word.starts_with("--")) {
            if (!line.file.empty())
                return stop(line, 2, "quantscope-gui: one file at a time: " + word + "\n");
            line.file = word;
            continue;
        }
        if (i + 1 == arguments.size())
            return stop(line, 2, "quantscope-gui: " + word + " needs a value, or is unknown\n" + kUsage);
        const std::string error = setOption(line, word, arguments[++i]);
        if (!error.empty())
            return stop(line, 2, "quantscope-gui: " + error + "\n" + kUsage);
    }
    if (!line.labels.empty() && line.data.empty())
        return stop(line, 2, std::string("quantscope-gui: --labels needs --data\n") + kUsage);
    if (!line.data.empty() && line.file.empty())
        return stop(line, 2, std::string("quantscope-gui: --data needs a file\n") + kUsage);
    if (line.screenshots() && line.file.empty())
        return stop(line, 2, std::string("quantscope-gui: --screenshot needs a file\n") + kUsage);
    return line;
}

ThemeChoice savedTheme()
{
    const QString theme = Settings::text(u"window/theme"_s, u"system"_s);
    return theme == u"dark" ? ThemeChoice::Dark : theme == u"light" ? ThemeChoice::Light : ThemeChoice::System;
}

} // namespace quantscope
