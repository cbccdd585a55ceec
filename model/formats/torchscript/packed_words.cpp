#include "formats/torchscript/packed_words.h"

#include "base/text.h"

#include <fmt/format.h>

namespace quantscope {

void collectTensors(const ScriptValue &state, ScriptArguments &out)
{
    if (state.is(ScriptValue::Kind::Graph) || state.is(ScriptValue::Kind::None) || state.is(ScriptValue::Kind::Object))
        out.emplace_back(std::string(), state);
    for (std::size_t i = 0; state.items != nullptr && i < state.items->size(); ++i)
        collectTensors((*state.items)[i], out);
}

void describeState(const ScriptValue &state, std::vector<ScriptValue> &out)
{
    const auto word = [&](std::string text) { out.push_back(ScriptValue::ofText(std::move(text))); };
    switch (state.kind) {
    case ScriptValue::Kind::Bool: return word(state.number != 0 ? "b1" : "b0");
    case ScriptValue::Kind::Int: return word(fmt::format("i{}", state.number));
    case ScriptValue::Kind::Float: return word("f" + shortest(state.real));
    case ScriptValue::Kind::Text: return word("s" + state.text);
    case ScriptValue::Kind::Tuple:
    case ScriptValue::Kind::List:
    case ScriptValue::Kind::Dict:
        word(state.is(ScriptValue::Kind::Tuple) ? "(" : state.is(ScriptValue::Kind::List) ? "[" : "{");
        for (std::size_t i = 0; state.items != nullptr && i < state.items->size(); ++i)
            describeState((*state.items)[i], out);
        return word(")");
    case ScriptValue::Kind::None:
    case ScriptValue::Kind::Object:
    case ScriptValue::Kind::Graph: return word("T");
    default: return word("?");
    }
}

bool isNumbered(std::string_view name, std::string_view scope)
{
    if (!scope.empty() && !(name.starts_with(scope) && name.size() > scope.size() && name[scope.size()] == '.'))
        return false;
    name.remove_prefix(scope.empty() ? 0 : scope.size() + 1);
    return !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
}

} // namespace quantscope
