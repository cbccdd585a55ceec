#include "description/completions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace quantscope {

namespace {

constexpr const char *kOrigin = "# Written from the program's own command line when it was built.";

std::string replaced(std::string text, const std::string &what, const std::string &by)
{
    for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += by.size())
        text.replace(at, what.size(), by);
    return text;
}

/// In single quotes, for bash and zsh.
std::string quoted(const std::string &text) { return "'" + replaced(text, "'", "'\\''") + "'"; }

std::string fishQuoted(const std::string &text)
{
    return "'" + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + "'";
}

std::string identifier(const std::string &name) { return "_" + replaced(name, "-", "_"); }

std::vector<std::string> namesOf(const std::vector<OptionDescription> &options)
{
    std::vector<std::string> names;
    for (const OptionDescription &option : options)
        names.insert(names.end(), option.names.begin(), option.names.end());
    return names;
}

/// The branch of a word: the values of an option that has choices, else the options.
std::string bashBranch(const std::string &word, const std::vector<OptionDescription> &options)
{
    std::string out = fmt::format("    {})\n        case $before in\n", word);
    for (const OptionDescription &option : options)
        if (option.value == ValueKind::Choice)
            out += fmt::format(
                "        {}) offer=\"{}\" ;;\n", fmt::join(option.names, "|"), fmt::join(option.choices, " "));
        else if (option.value == ValueKind::Folder)
            out += fmt::format("        {}) kind=-d ;;\n", fmt::join(option.names, "|"));
        else if (option.value != ValueKind::None)
            out += fmt::format("        {}) ;;\n", fmt::join(option.names, "|"));
    return out
        + fmt::format("        *) [[ $current == -* ]] && offer=\"{}\" ;;\n        esac\n        ;;\n",
            fmt::join(namesOf(options), " "));
}

/// What stands between the brackets of a zsh specification must not end it.
std::string zshText(const std::string &text)
{
    return replaced(replaced(replaced(text, "[", "\\["), "]", "\\]"), ":", "\\:");
}

std::string zshAction(const OptionDescription &option)
{
    switch (option.value) {
    case ValueKind::None: return "";
    case ValueKind::Choice: return fmt::format("({})", fmt::join(option.choices, " "));
    case ValueKind::Folder: return "_files -/";
    case ValueKind::File: return "_files";
    case ValueKind::Text: return " ";
    }
    return "";
}

/// The specifications that `_arguments` takes, one a line.
std::string zshSpecifications(
    const std::vector<OptionDescription> &places, const std::vector<OptionDescription> &options)
{
    std::string out;
    for (const OptionDescription &option : options)
        for (const std::string &name : option.names) {
            const std::string value
                = option.value == ValueKind::None ? "" : ":" + zshText(option.valueName) + ":" + zshAction(option);
            out += " \\\n      "
                + quoted((option.repeats ? "*" : "") + name + "[" + zshText(option.text) + "]" + value);
        }
    int at = 0;
    for (const OptionDescription &place : places)
        out += " \\\n      "
            + quoted((place.repeats ? "*" : std::to_string(++at)) + ":" + zshText(place.names.back()) + ":"
                + zshAction(place));
    return out;
}

std::string fishOption(const std::string &start, const OptionDescription &option)
{
    std::string out = start;
    for (const std::string &name : option.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    switch (option.value) {
    case ValueKind::None: break;
    case ValueKind::Choice: out += " -x -a " + fishQuoted(fmt::format("{}", fmt::join(option.choices, " "))); break;
    case ValueKind::Folder: out += " -x -a '(__fish_complete_directories)'"; break;
    case ValueKind::File: out += " -r -F"; break;
    case ValueKind::Text: out += " -x"; break;
    }
    return out + " -d " + fishQuoted(option.text) + "\n";
}

} // namespace

std::string bashCompletion(const ProgramDescription &program)
{
    std::vector<std::string> first = namesOf(program.options);
    std::string branches;
    for (const WordDescription &word : program.words) {
        first.push_back(word.name);
        branches += bashBranch(word.name, word.options);
    }
    const std::string function = identifier(program.name);
    std::string out = fmt::format("{}\n{}()\n{{\n    local current=${{COMP_WORDS[COMP_CWORD]}} "
                                  "before=${{COMP_WORDS[COMP_CWORD-1]}} offer= kind=\n",
        kOrigin, function);
    out += "    case ${COMP_WORDS[1]} in\n" + branches + bashBranch("*", program.options) + "    esac\n";
    if (!program.words.empty())
        out += fmt::format("    [[ $COMP_CWORD -eq 1 ]] && offer=\"{}\"\n", fmt::join(first, " "));
    out += "    COMPREPLY=()\n    [[ -z $kind ]] || mapfile -t COMPREPLY < <(compgen $kind -- \"$current\")\n"
           "    [[ -z $offer ]] || mapfile -t COMPREPLY < <(compgen -W \"$offer\" -- \"$current\")\n}\n";
    // Files where nothing else fits.
    return out + fmt::format("complete -o default -F {} {}\n", function, program.name);
}

std::string zshCompletion(const ProgramDescription &program)
{
    const std::string function = identifier(program.name);
    std::string out = fmt::format("#compdef {}\n{}\n", program.name, kOrigin);
    if (program.words.empty())
        return out + fmt::format("_arguments -S{}\n", zshSpecifications(program.places, program.options));
    out += fmt::format("{}_words() {{\n  local -a list=(\n", function);
    for (const WordDescription &word : program.words)
        out += "    " + quoted(word.name + ":" + word.text) + "\n";
    out += fmt::format(
        "  )\n  _describe -t commands command list\n}}\n{}() {{\n  local curcontext=$curcontext state line\n",
        function);
    out += fmt::format(
        "  _arguments -C -S{} \\\n      '1: :->word' '*:: :->rest'\n", zshSpecifications({}, program.options));
    out += fmt::format(
        "  case $state in\n  word) _alternative 'commands:command:{}_words' 'files:model:_files' ;;\n", function);
    out += "  rest)\n    case $words[1] in\n";
    for (const WordDescription &word : program.words)
        out += fmt::format(
            "    {})\n      _arguments -S{}\n      ;;\n", word.name, zshSpecifications(word.places, word.options));
    return out + fmt::format("    esac\n    ;;\n  esac\n}}\n{} \"$@\"\n", function);
}

std::string fishCompletion(const ProgramDescription &program)
{
    std::string out = fmt::format("{}\n", kOrigin);
    const std::string start = "complete -c " + program.name;
    for (const OptionDescription &option : program.options)
        out += fishOption(start + (program.words.empty() ? "" : " -n __fish_use_subcommand"), option);
    for (const WordDescription &word : program.words) {
        out += fmt::format("{} -n __fish_use_subcommand -a {} -d {}\n", start, word.name, fishQuoted(word.text));
        for (const OptionDescription &option : word.options)
            out += fishOption(start + " -n '__fish_seen_subcommand_from " + word.name + "'", option);
    }
    return out;
}

} // namespace quantscope
