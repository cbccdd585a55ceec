#pragma once

#include <string>
#include <vector>

namespace quantscope {

/// What the value of an option is, so that a shell can offer it.
enum class ValueKind { None, Text, File, Folder, Choice };

/// An option, or a value that is known by its place alone.
struct OptionDescription {
    std::vector<std::string> names; ///< "-h", "--help"; of a value in its place its name without dashes
    ValueKind value = ValueKind::None; ///< None: a flag
    std::string valueName; ///< "TEXT"; empty for a flag
    std::vector<std::string> choices;
    std::string preset; ///< the value when none is given; may be empty
    std::string text; ///< one line
    bool required = false, repeats = false;
};

/// A word of the command line, such as `inspect`.
struct WordDescription {
    std::string name, text;
    std::vector<OptionDescription> places, options;
};

/// A program as its own command line describes it: what manual page and shell completions are written from.
struct ProgramDescription {
    std::string name, version;
    std::string summary; ///< one line
    std::vector<std::string> usage; ///< lines such as "quantscope FILE", for the synopsis
    std::vector<std::string> details; ///< paragraphs
    std::vector<OptionDescription> places, options; ///< without a word
    std::vector<WordDescription> words;
    std::vector<std::string> statuses; ///< what each exit status means, from 0
};

} // namespace quantscope
