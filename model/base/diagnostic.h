#pragma once

#include "base/ids.h"

#include <string>
#include <string_view>
#include <utility>
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

/// What a diagnostic is about: a layer, one slot of it, a tensor of the file by its name, or (nothing) the whole file.
struct Subject {
    Subject() = default;
    Subject(LayerId about)
        : layer(about)
    {
    }
    Subject(LayerId about, Slot of)
        : layer(about)
        , slot(of)
    {
    }
    Subject(std::string name)
        : tensor(std::move(name))
    {
    }
    Subject(const char *name)
        : tensor(name)
    {
    }
    bool operator==(const Subject &) const = default;

    std::optional<LayerId> layer;
    std::optional<Slot> slot;
    std::string tensor; ///< what a reader knows before there are layers
};

/// A survivable oddity: the file opens, and this is what is to know about it.
struct Diagnostic {
    std::string rule; ///< stable id, such as "scale-not-positive"
    Severity severity = Severity::Warning;
    Subject subject;
    std::string text; ///< one sentence with the offending value and what to do
};

} // namespace quantscope
