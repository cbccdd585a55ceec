#pragma once

#include "graph/graph.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// What a variable of TorchScript code holds while the code is followed: a constant as far as one is known, else a
/// value of the graph.
struct ScriptValue {
    enum class Kind : std::uint8_t {
        Unset, ///< uninitialized(T): what no path reads
        None,
        Bool,
        Int,
        Float,
        Text,
        Tuple,
        List,
        Dict, ///< keys and values in turn
        Object, ///< `number` is its id
        Function, ///< `text` is its qualified name
        Graph, ///< `number` is its ValueId
    };
    Kind kind = Kind::None;
    std::int64_t number = 0; ///< of Bool and Int too
    double real = 0;
    std::string text; ///< of a named tuple its class
    std::shared_ptr<std::vector<ScriptValue>> items; ///< shared, as lists are
    bool mayBeNone = false; ///< of a value of the graph: on some way it is None
    std::uint32_t depth = 0; ///< of sequences in it
    std::uint64_t size = 1; ///< elements, those of sequences in it included

    static ScriptValue of(Kind kind, std::int64_t number = 0);
    static ScriptValue ofReal(double real);
    static ScriptValue ofText(std::string text);
    static ScriptValue ofFunction(std::string name);
    /// Throws ParseError when it nests too deep or stands for too many elements.
    static ScriptValue sequence(Kind kind, std::vector<ScriptValue> items);

    bool is(Kind wanted) const { return kind == wanted; }
    bool isNumber() const { return kind == Kind::Bool || kind == Kind::Int || kind == Kind::Float; }
    bool isScalar() const { return kind == Kind::None || isNumber() || kind == Kind::Text; }
    bool isSequence() const { return kind == Kind::Tuple || kind == Kind::List; }
    double asReal() const { return kind == Kind::Float ? real : static_cast<double>(number); }
    ValueId graphValue() const { return static_cast<ValueId>(number); }
    /// A known truth value; nullopt for what only running tells.
    std::optional<bool> truth() const;
    /// The same constant, value or object; sequences by their elements.
    bool same(const ScriptValue &other) const;
};

} // namespace quantscope
