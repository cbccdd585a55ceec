#include "description/usage_text.h"

#include <sstream>

namespace quantscope {

namespace {

std::string trimmed(const std::string &text)
{
    const auto begin = text.find_first_not_of(' '), end = text.find_last_not_of(' ');
    return begin == text.npos ? "" : text.substr(begin, end - begin + 1);
}

std::vector<std::string> alternatives(const std::string &text)
{
    std::vector<std::string> out;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, '|');)
        out.push_back(part);
    return out;
}

OptionDescription describeLine(const std::string &line)
{
    OptionDescription out;
    const std::string head = line.substr(0, line.find("  "));
    out.text = trimmed(line.substr(head.size()));
    out.names = {head.substr(0, head.find(' '))};
    if (out.names.back().size() == head.size())
        return out;
    out.valueName = trimmed(head.substr(out.names.back().size()));
    out.choices = alternatives(out.valueName);
    out.value = out.choices.size() > 1                 ? ValueKind::Choice
        : out.valueName == "DIR"                       ? ValueKind::Folder
        : out.valueName.find('.') != std::string::npos ? ValueKind::File
                                                       : ValueKind::Text;
    if (out.value != ValueKind::Choice)
        out.choices.clear();
    return out;
}

} // namespace

ProgramDescription describeUsage(const std::string &text, const std::string &version)
{
    const std::string mark = "usage: ";
    ProgramDescription out;
    out.version = version;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("  --"))
            out.options.push_back(describeLine(trimmed(line)));
        else if (line.starts_with(mark) || line.starts_with(std::string(mark.size(), ' ')))
            out.usage.push_back(line.substr(mark.size()));
        else if (!line.empty())
            out.details.push_back(line);
    }
    if (!out.usage.empty())
        out.name = out.usage.front().substr(0, out.usage.front().find(' '));
    out.places.push_back({{"file"}, ValueKind::File, "FILE", {}, "", "The model", false, false});
    return out;
}

} // namespace quantscope
