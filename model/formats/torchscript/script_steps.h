#pragma once

#include "formats/torchscript/code_tree.h"
#include "formats/torchscript/script_value.h"

#include <cstdint>
#include <string>

namespace quantscope {

/// What was followed so far and what is open, so that code and objects that repeat or hold themselves come to an end.
class ScriptSteps {
public:
    /// A statement, expression, call or object that is open.
    class Open {
    public:
        explicit Open(std::uint32_t &depth)
            : m_depth(depth)
        {
            ++m_depth;
        }
        ~Open() { --m_depth; }
        Open(const Open &) = delete;
        Open &operator=(const Open &) = delete;

    private:
        std::uint32_t &m_depth;
    };
    /// A step of the code. Throws ParseError for one too many, or too many in each other.
    Open open(const CodeTree &tree, std::uint32_t line);
    /// What an object holds. Throws ParseError naming it for too many in each other.
    Open open(const std::string &object);

    /// Texts are copied and lists are searched: what takes longer with their size counts as more steps.
    void weigh(const ScriptValue &value);
    void weigh(std::size_t parts);

private:
    std::uint64_t m_steps = 0;
    std::uint32_t m_depth = 0;
};

} // namespace quantscope
