#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

enum class Severity { Error, Warning, Note };

constexpr std::string_view severityName(Severity severity)
{
    switch (severity) {
    case Severity::Error: return "error";
    case Severity::Warning: return "warning";
    case Severity::Note: return "note";
    }
    return "";
}

/// A survivable oddity: the file opens, and this is what is to know about it.
struct Diagnostic {
    std::string rule; ///< stable id, such as "scale-not-positive"
    Severity severity = Severity::Warning;
    std::string layer; ///< the layer's path, or the tensor's name; empty for the whole file
    std::string text; ///< one sentence with the offending value and what to do
};

} // namespace quantscope
