#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

using CodeRef = std::uint32_t;

/// What printed TorchScript is made of. Expressions first, then statements, then what stands at the top of a file.
enum class CodeKind : std::uint8_t {
    Name,
    Integer,
    Real,
    Text,
    Attribute, ///< of parts[0]
    Call, ///< parts[0] with the other parts
    Keyword, ///< `text` = parts[0] in a call
    Subscript, ///< parts[0][parts[1]]
    Tuple,
    List,
    Dict, ///< keys and values in turn
    Minus,
    Not,
    Choice, ///< parts[0] if parts[1] else parts[2]
    Assign, ///< the last part to the others
    Expression,
    If, ///< condition, block, block
    While, ///< condition, block
    For, ///< target, what it goes through, block
    With, ///< expression, block
    Return,
    Pass,
    Block,
    Function, ///< parameters, then its block
    Parameter, ///< with its default, if it has one
    Class, ///< functions and fields
    Field, ///< with its value, if it has one
};

struct CodeNode {
    CodeKind kind = CodeKind::Pass;
    std::uint32_t line = 0;
    std::string_view text; ///< a name, a number as written, or a text without quotes and escapes
    std::vector<CodeRef> parts;
};

/// One file of code.
struct CodeTree {
    std::string file; ///< its name in the archive
    std::string text;
    std::deque<std::string> ownTexts; ///< what texts with escapes stand for
    std::vector<CodeNode> nodes;
    std::vector<CodeRef> top; ///< classes and functions

    const CodeNode &node(CodeRef ref) const { return nodes[ref]; }
};

} // namespace quantscope
