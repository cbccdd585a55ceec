#include "run/torch/fit_argument.h"

#include <algorithm>

#include <ATen/core/Tensor.h>

namespace quantscope {

namespace {

using Fitted = std::optional<c10::IValue>;
using c10::TypeKind;

/// Of a tensor with one element; TorchScript reads it where code says int(x) or float(x).
Fitted numberOf(const c10::IValue &value)
{
    if (value.isInt() || value.isDouble() || value.isBool())
        return value;
    if (!value.isTensor() || !value.toTensor().defined() || value.toTensor().numel() != 1)
        return std::nullopt;
    return c10::IValue(value.toTensor().item());
}

std::optional<std::int64_t> integerOf(const c10::IValue &value)
{
    const Fitted number = numberOf(value);
    if (!number)
        return std::nullopt;
    if (!number->isDouble())
        return number->isInt() ? number->toInt() : static_cast<std::int64_t>(number->toBool());
    constexpr double kLimit = 9223372036854775808.0;
    const double real = number->toDouble();
    return real >= -kLimit && real < kLimit ? std::optional(static_cast<std::int64_t>(real)) : std::nullopt;
}

Fitted fitNumber(const c10::IValue &value, TypeKind kind, bool converts)
{
    switch (kind) {
    case TypeKind::NumberType:
        return value.isInt() || value.isDouble() || value.isBool() ? value : converts ? numberOf(value) : std::nullopt;
    case TypeKind::IntType:
        if (value.isInt())
            return value;
        if (const auto integer = converts ? integerOf(value) : std::nullopt)
            return c10::IValue(*integer);
        return std::nullopt;
    case TypeKind::FloatType:
        if (value.isDouble())
            return value;
        if (const Fitted number = converts ? numberOf(value) : std::nullopt)
            return c10::IValue(number->toScalar().toDouble());
        return std::nullopt;
    default: // code writes truth values, which the graph holds as 0 and 1
        if (value.isBool() || (value.isInt() && (value.toInt() == 0 || value.toInt() == 1)))
            return c10::IValue(value.isBool() ? value.toBool() : value.toInt() == 1);
        if (const Fitted number = converts ? numberOf(value) : std::nullopt)
            return c10::IValue(number->toScalar().toDouble() != 0);
        return std::nullopt;
    }
}

template <class Element, class Convert> Fitted listOf(const std::vector<c10::IValue> &items, const Convert &convert)
{
    c10::List<Element> out;
    out.reserve(items.size());
    for (const c10::IValue &item : items)
        out.push_back(convert(item));
    return c10::IValue(std::move(out));
}

Fitted typedList(const std::vector<c10::IValue> &items, const c10::TypePtr &element)
{
    switch (element->kind()) {
    case TypeKind::IntType: return listOf<std::int64_t>(items, [](const c10::IValue &item) { return item.toInt(); });
    case TypeKind::FloatType: return listOf<double>(items, [](const c10::IValue &item) { return item.toDouble(); });
    case TypeKind::BoolType: return listOf<bool>(items, [](const c10::IValue &item) { return item.toBool(); });
    case TypeKind::TensorType:
        return listOf<at::Tensor>(items, [](const c10::IValue &item) { return item.toTensor(); });
    default: break;
    }
    c10::impl::GenericList out(element);
    for (const c10::IValue &item : items)
        out.push_back(item);
    return c10::IValue(std::move(out));
}

/// Of any elements, which are of one type all the same.
Fitted typedByElements(const std::vector<c10::IValue> &items)
{
    c10::TypePtr element = c10::AnyType::get();
    if (!items.empty() && std::ranges::all_of(items, &c10::IValue::isInt))
        element = c10::IntType::get();
    else if (!items.empty() && std::ranges::all_of(items, &c10::IValue::isDouble))
        element = c10::FloatType::get();
    else if (!items.empty() && std::ranges::all_of(items, &c10::IValue::isBool))
        element = c10::BoolType::get();
    else if (!items.empty() && std::ranges::all_of(items, &c10::IValue::isTensor))
        element = c10::TensorType::get();
    return typedList(items, element);
}

Fitted fitList(const c10::IValue &value, const c10::TypePtr &element, std::int64_t count, bool converts)
{
    std::vector<c10::IValue> items;
    if (value.isList()) {
        if (element->kind() == TypeKind::VarType)
            return typedByElements(value.toListRef().vec());
        items = value.toListRef().vec();
    } else if (count > 0 && (value.isInt() || value.isDouble() || value.isBool())) {
        items.assign(static_cast<std::size_t>(count), value);
    } else {
        return std::nullopt;
    }
    for (c10::IValue &item : items) {
        Fitted fitted = fitArgument(item, element, 0, converts);
        if (!fitted)
            return std::nullopt;
        item = std::move(*fitted);
    }
    return typedList(items, element);
}

Fitted fitTuple(const c10::IValue &value, const c10::TupleType &type, bool converts)
{
    if (!value.isTuple() || value.toTupleRef().elements().size() != type.elements().size())
        return std::nullopt;
    std::vector<c10::IValue> items = value.toTupleRef().elements().vec();
    for (std::size_t i = 0; i < items.size(); ++i) {
        Fitted fitted = fitArgument(items[i], type.elements()[i], 0, converts);
        if (!fitted)
            return std::nullopt;
        items[i] = std::move(*fitted);
    }
    return c10::IValue(c10::ivalue::Tuple::create(std::move(items)));
}

Fitted when(bool fits, const c10::IValue &value) { return fits ? Fitted(value) : std::nullopt; }

} // namespace

Fitted fitArgument(const c10::IValue &value, const c10::TypePtr &type, std::int64_t count, bool converts)
{
    switch (type->kind()) {
    case TypeKind::TensorType: return when(value.isTensor(), value);
    case TypeKind::NumberType:
    case TypeKind::IntType:
    case TypeKind::FloatType:
    case TypeKind::BoolType: return fitNumber(value, type->kind(), converts);
    case TypeKind::StringType: return when(value.isString(), value);
    case TypeKind::DeviceObjType:
        return value.isString() || value.isDevice() ? Fitted(c10::Device(c10::DeviceType::CPU)) : std::nullopt;
    case TypeKind::OptionalType:
        return value.isNone()
            ? Fitted(value)
            : fitArgument(value, type->castRaw<c10::OptionalType>()->getElementType(), count, converts);
    case TypeKind::ListType: return fitList(value, type->castRaw<c10::ListType>()->getElementType(), count, converts);
    case TypeKind::TupleType: return fitTuple(value, *type->castRaw<c10::TupleType>(), converts);
    case TypeKind::ClassType: return when(value.isObject(), value);
    case TypeKind::DictType: return when(value.isGenericDict(), value);
    case TypeKind::AnyType:
    case TypeKind::VarType: return value;
    default: return std::nullopt;
    }
}

} // namespace quantscope
