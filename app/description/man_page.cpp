#include "description/man_page.h"

#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace quantscope {

namespace {

/// Text as roff prints it: no hyphenation of options, no request at the begin of a line.
std::string roff(const std::string &text)
{
    std::string out;
    for (const char c : text)
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else
            out += c;
    return out.starts_with(".") || out.starts_with("'") ? "\\&" + out : out;
}

std::string upper(std::string text)
{
    for (char &c : text)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

std::string bold(const std::string &text) { return "\\fB" + roff(text) + "\\fR"; }

std::string italic(const std::string &text) { return "\\fI" + roff(text) + "\\fR"; }

/// "-h, --help", "--range TEXT", "--as dec|hex|bin|float", "FILE".
std::string heading(const OptionDescription &option, bool inPlace)
{
    if (inPlace)
        return italic(upper(option.names.back()));
    std::string out;
    for (const std::string &name : option.names)
        out += (out.empty() ? "" : ", ") + bold(name);
    if (option.value == ValueKind::None)
        return out;
    return out + " "
        + (option.choices.empty() ? italic(option.valueName) : roff(fmt::format("{}", fmt::join(option.choices, "|"))));
}

std::string entry(const OptionDescription &option, bool inPlace)
{
    std::string text = roff(option.text);
    if (!option.preset.empty())
        text += roff(fmt::format(" (default: {})", option.preset));
    return fmt::format(".TP\n{}\n{}\n", heading(option, inPlace), text);
}

std::string entries(const std::vector<OptionDescription> &places, const std::vector<OptionDescription> &options)
{
    std::string out;
    for (const OptionDescription &place : places)
        out += entry(place, true);
    for (const OptionDescription &option : options)
        out += entry(option, false);
    return out;
}

std::string synopsis(const ProgramDescription &program, const WordDescription &word)
{
    std::string out = bold(program.name + " " + word.name) + " [" + italic("options") + "]";
    for (const OptionDescription &place : word.places) {
        const std::string name = italic(upper(place.names.back())) + (place.repeats ? "..." : "");
        out += place.required ? " " + name : " [" + name + "]";
    }
    for (const OptionDescription &option : word.options)
        if (option.required)
            out += " " + heading(option, false);
    return out;
}

std::string synopses(const ProgramDescription &program)
{
    std::string out;
    for (const std::string &line : program.usage)
        out += roff(line) + "\n.br\n";
    for (const WordDescription &word : program.words)
        out += synopsis(program, word) + "\n.br\n";
    return out;
}

} // namespace

std::string manPage(const ProgramDescription &program)
{
    std::string out
        = fmt::format(".TH {} 1 \"\" \"QuantScope {}\" \"User Commands\"\n.nh\n", upper(program.name), program.version);
    out += fmt::format(
        ".SH NAME\n{} \\- {}\n.SH SYNOPSIS\n{}", roff(program.name), roff(program.summary), synopses(program));
    out += ".SH DESCRIPTION\n";
    for (const std::string &paragraph : program.details)
        out += roff(paragraph) + "\n.PP\n";
    out += ".SH OPTIONS\n" + entries(program.places, program.options);
    if (!program.words.empty())
        out += ".SH COMMANDS\n";
    for (const WordDescription &word : program.words)
        out += fmt::format(".SS {}\n{}.\n{}", roff(word.name), roff(word.text), entries(word.places, word.options));
    if (!program.statuses.empty())
        out += ".SH EXIT STATUS\n";
    for (std::size_t i = 0; i < program.statuses.size(); ++i)
        out += fmt::format(".TP\n{}\n{}\n", i, roff(program.statuses[i]));
    return out;
}

} // namespace quantscope
