#include "run/torch/packed_state.h"

#include "base/parse_number.h"
#include "base/text.h"
#include "graph/script_notes.h"
#include "run/torch/fit_argument.h"

#include <ATen/core/class_type.h>
#include <ATen/core/function.h>
#include <torch/custom_class_detail.h>

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr unsigned kDeepestState = 32;

/// Reads the words of script::kPackedState.
class StateReader {
public:
    StateReader(const OpCall &call, const std::vector<std::string> &words)
        : m_call(call)
        , m_words(words)
    {
    }

    c10::IValue read(unsigned depth = 0)
    {
        if (m_next >= m_words.size() || depth > kDeepestState)
            throw RunError("its packed state is cut off");
        const std::string &word = m_words[m_next++];
        const std::string_view rest = std::string_view(word).substr(std::min<std::size_t>(word.size(), 1));
        switch (word.empty() ? ' ' : word[0]) {
        case '(':
        case '[': return sequence(word[0] == '(', depth);
        case 'T': return m_call.input(m_input++);
        case 'i': return parseNumber<std::int64_t>(rest).value_or(0);
        case 'f': return parseNumber<double>(rest).value_or(0);
        case 'b': return rest == "1";
        case 's': return std::string(rest);
        default: throw RunError("its packed state holds what is not known here");
        }
    }

private:
    c10::IValue sequence(bool tuple, unsigned depth)
    {
        std::vector<c10::IValue> items;
        while (m_next < m_words.size() && m_words[m_next] != ")")
            items.push_back(read(depth + 1));
        ++m_next;
        if (tuple)
            return c10::ivalue::Tuple::create(std::move(items));
        return typed(std::move(items));
    }

    static c10::IValue typed(std::vector<c10::IValue> items)
    {
        c10::TypePtr type = c10::AnyType::get();
        if (!items.empty() && std::ranges::all_of(items, &c10::IValue::isInt))
            type = c10::IntType::get();
        else if (!items.empty() && std::ranges::all_of(items, &c10::IValue::isDouble))
            type = c10::FloatType::get();
        else if (std::ranges::all_of(items, &c10::IValue::isTensor))
            type = c10::TensorType::get();
        else if (std::ranges::all_of(items, [](const c10::IValue &item) { return item.isTensor() || item.isNone(); }))
            type = c10::OptionalType::ofTensor();
        c10::impl::GenericList out(type);
        for (c10::IValue &item : items)
            out.push_back(std::move(item));
        return out;
    }

    const OpCall &m_call;
    const std::vector<std::string> &m_words;
    std::size_t m_next = 0, m_input = 0;
};

} // namespace

OpValues packedParameters(const OpCall &call)
{
    const std::string name = call.node.domain + "." + call.node.opType;
    const c10::ClassTypePtr type = torch::getCustomClass(name);
    const Attribute *structure = call.node.attribute(script::kPackedState);
    if (type == nullptr || structure == nullptr)
        throw RunError(fmt::format("libtorch has no class {}, or its state is not in the file", printable(name)));
    const torch::jit::Function *method = type->findMethod("__setstate__");
    if (method == nullptr)
        throw RunError(fmt::format("objects of {} are not made of a state", printable(name)));
    const c10::IValue state = StateReader(call, structure->strings).read();
    auto fitted = fitArgument(state, method->getSchema().arguments().at(1).type(), 0, true);
    if (!fitted)
        throw RunError(fmt::format("its state is not one of {}", printable(name)));
    const auto object
        = c10::ivalue::Object::create(c10::StrongTypePtr(std::shared_ptr<torch::jit::CompilationUnit>(), type), 1);
    std::vector<c10::IValue> stack{object, std::move(*fitted)};
    const_cast<torch::jit::Function *>(method)->run(stack);
    return {c10::IValue(object)};
}

} // namespace quantscope
