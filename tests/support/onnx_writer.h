#pragma once

#include "formats/onnx/onnx_reader.h"

#include <bit>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// ONNX files byte by byte: the wire format of protocol buffers and the field numbers of onnx.proto, so that tests hold
/// what no exporter writes.
namespace quantscope::test::proto {

inline std::string varint(std::uint64_t value)
{
    std::string out;
    for (; value >= 0x80; value >>= 7)
        out += static_cast<char>(value | 0x80);
    return out + static_cast<char>(value);
}
inline std::string number(unsigned field, std::uint64_t value) { return varint(field << 3) + varint(value); }
inline std::string text(unsigned field, const std::string &bytes)
{
    return varint(field << 3 | 2) + varint(bytes.size()) + bytes;
}
template <class T> std::string bytesOf(const std::vector<T> &values)
{
    return {reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T)};
}
inline std::string fixed32(unsigned field, float value) { return varint(field << 3 | 5) + bytesOf(std::vector{value}); }
inline std::string packed(unsigned field, const std::vector<std::int64_t> &values)
{
    std::string body;
    for (const std::int64_t value : values)
        body += varint(static_cast<std::uint64_t>(value));
    return text(field, body);
}

/// TensorProto with raw data; `type` is TensorProto.DataType.
inline std::string tensor(
    const std::string &name, unsigned type, const std::vector<std::int64_t> &dims, const std::string &raw)
{
    return packed(1, dims) + number(2, type) + text(8, name) + text(9, raw);
}
inline std::string floats(
    const std::string &name, const std::vector<std::int64_t> &dims, const std::vector<float> &values)
{
    return tensor(name, 1, dims, bytesOf(values));
}
inline std::string int64s(
    const std::string &name, const std::vector<std::int64_t> &dims, const std::vector<std::int64_t> &values)
{
    return tensor(name, 7, dims, bytesOf(values));
}
inline std::string int8s(
    const std::string &name, const std::vector<std::int64_t> &dims, const std::vector<std::int8_t> &values)
{
    return tensor(name, 3, dims, bytesOf(values));
}

// AttributeProto with its type.
inline std::string attribute(const std::string &name, std::int64_t value)
{
    return text(1, name) + number(3, static_cast<std::uint64_t>(value)) + number(20, 2);
}
inline std::string attribute(const std::string &name, const std::vector<std::int64_t> &values)
{
    return text(1, name) + packed(8, values) + number(20, 7);
}
inline std::string tensorAttribute(const std::string &name, const std::string &value)
{
    return text(1, name) + text(5, value) + number(20, 4);
}
inline std::string graphAttribute(const std::string &name, const std::string &value)
{
    return text(1, name) + text(6, value) + number(20, 5);
}
/// Its value is an attribute of the function's call.
inline std::string reference(const std::string &name, const std::string &wanted, unsigned type)
{
    return text(1, name) + number(20, type) + text(21, wanted);
}

/// NodeProto
inline std::string node(const std::string &op, const std::string &name, const std::vector<std::string> &inputs,
    const std::vector<std::string> &outputs, const std::vector<std::string> &attributes = {},
    const std::string &domain = "")
{
    std::string body;
    for (const std::string &input : inputs)
        body += text(1, input);
    for (const std::string &output : outputs)
        body += text(2, output);
    body += text(3, name) + text(4, op);
    for (const std::string &attribute : attributes)
        body += text(5, attribute);
    return domain.empty() ? body : body + text(7, domain);
}

/// Parts of a GraphProto.
struct GraphParts {
    std::vector<std::string> nodes = {}, initializers = {}, inputs = {}, outputs = {};
    std::string more = {}; ///< further fields
    std::string bytes() const
    {
        std::string out;
        for (const std::string &node : nodes)
            out += text(1, node);
        out += text(2, "g");
        for (const std::string &initializer : initializers)
            out += text(5, initializer);
        for (const std::string &input : inputs)
            out += text(11, text(1, input));
        for (const std::string &output : outputs)
            out += text(12, text(1, output));
        return out + more;
    }
};

/// A field of ValueInfoProto: a tensor of float with axes of unknown sizes.
inline std::string valueInfo(unsigned field, const std::string &name, int rank)
{
    std::string shape;
    for (int i = 0; i < rank; ++i)
        shape += text(1, text(2, "n"));
    return text(field, text(1, name) + text(2, text(1, number(1, 1) + text(2, shape))));
}

/// FunctionProto
inline std::string function(const std::string &name, const std::vector<std::string> &inputs,
    const std::vector<std::string> &outputs, const std::vector<std::string> &nodes, const std::string &more = "",
    const std::string &domain = "my.dom")
{
    std::string body = text(1, name);
    for (const std::string &input : inputs)
        body += text(4, input);
    for (const std::string &output : outputs)
        body += text(5, output);
    for (const std::string &node : nodes)
        body += text(7, node);
    return body + text(10, domain) + more;
}

/// ModelProto of IR version 8 and operator set 13.
inline std::string model(const GraphParts &graph, const std::vector<std::string> &functions = {})
{
    std::string out = number(1, 8) + text(8, number(2, 13)) + text(7, graph.bytes());
    for (const std::string &function : functions)
        out += text(25, function);
    return out;
}

inline std::shared_ptr<const ModelFile> read(const std::string &bytes, const Limits &limits = {})
{
    const auto *begin = reinterpret_cast<const std::byte *>(bytes.data());
    return std::make_shared<ModelFile>(readOnnx(
        {std::make_shared<MemorySource>(std::vector<std::byte>(begin, begin + bytes.size())), "memory", limits, {}}));
}

} // namespace quantscope::test::proto
