#include "formats/onnx/input_types.h"

#include "formats/onnx/wire.h"
#include "graph/onnx_types.h"

#include <limits>

namespace quantscope {

namespace {

using namespace onnx;

/// Fields of ModelProto, GraphProto, ValueInfoProto, TypeProto, TypeProto.Tensor and TensorShapeProto (onnx.proto, IR
/// version 13).
constexpr std::uint32_t kGraphOfModel = 7, kInputOfGraph = 11, kNameOfValue = 1, kTypeOfValue = 2, kTensorOfType = 1,
                        kElementOfTensor = 1, kShapeOfTensor = 2, kAxisOfShape = 1, kLengthOfAxis = 1;
/// Longer is no name.
constexpr std::uint64_t kLongestInputName = 1 << 20;

/// Its parts of that number.
Message partsOf(WireWindow &window, const Message &message, std::uint32_t number)
{
    Message out;
    forEachField(window, message, [&](const Field &field) {
        if (field.isBytes(number))
            out.push_back(field.bytes);
    });
    return out;
}

/// A name, or nothing, is a length that is not fixed.
std::int64_t lengthOf(WireWindow &window, const Range &axis)
{
    std::int64_t out = -1;
    forEachField(window, {axis}, [&](const Field &field) {
        if (field.isVarint(kLengthOfAxis) && std::in_range<std::int64_t>(field.value))
            out = static_cast<std::int64_t>(field.value);
    });
    return out;
}

InputType typeOfInput(WireWindow &window, const Message &type)
{
    InputType out;
    const Message tensor = partsOf(window, type, kTensorOfType);
    forEachField(window, tensor, [&](const Field &field) {
        if (field.isVarint(kElementOfTensor))
            out.dtype = dtypeFromOnnx(field.value);
    });
    const Message shape = partsOf(window, tensor, kShapeOfTensor);
    if (shape.empty())
        return out;
    out.shape.emplace();
    for (const Range &axis : partsOf(window, shape, kAxisOfShape))
        out.shape->push_back(lengthOf(window, axis));
    return out;
}

} // namespace

std::map<std::string, InputType> readInputTypes(const ByteSource &source)
{
    WireWindow window(source);
    std::map<std::string, InputType> out;
    const Message graph = partsOf(window, {{0, source.size()}}, kGraphOfModel);
    for (const Range &input : partsOf(window, graph, kInputOfGraph)) {
        std::string name;
        forEachField(window, {input}, [&](const Field &field) {
            if (field.isBytes(kNameOfValue) && field.bytes.size() <= kLongestInputName)
                name = window.text(field.bytes);
        });
        out[name] = typeOfInput(window, partsOf(window, {input}, kTypeOfValue));
    }
    return out;
}

} // namespace quantscope
