#include "support/onnx_builder.h"

#include "formats/onnx/onnx_reader.h"

namespace quantscope::test {

namespace {

std::string varint(std::uint64_t value)
{
    std::string out;
    for (; value >= 0x80; value >>= 7)
        out.push_back(static_cast<char>((value & 0x7F) | 0x80));
    out.push_back(static_cast<char>(value));
    return out;
}

std::string number(int field, std::int64_t value)
{
    return varint(static_cast<std::uint64_t>(field) << 3) + varint(static_cast<std::uint64_t>(value));
}

std::string bytes(int field, const std::string &value)
{
    return varint(static_cast<std::uint64_t>(field) << 3 | 2) + varint(value.size()) + value;
}

std::string fixed(int field, float value)
{
    std::string raw(sizeof value, '\0');
    std::memcpy(raw.data(), &value, sizeof value);
    return varint(static_cast<std::uint64_t>(field) << 3 | 5) + raw;
}

} // namespace

OnnxBuilder &OnnxBuilder::input(const std::string &name)
{
    m_graph += bytes(11, bytes(1, name));
    return *this;
}

OnnxBuilder &OnnxBuilder::output(const std::string &name)
{
    m_graph += bytes(12, bytes(1, name));
    return *this;
}

OnnxBuilder &OnnxBuilder::node(const std::string &opType, const std::vector<std::string> &inputs,
    const std::vector<std::string> &outputs, const std::string &name, const std::string &domain)
{
    return node(opType, inputs, outputs, name, domain, Attributes{});
}

OnnxBuilder &OnnxBuilder::node(const std::string &opType, const std::vector<std::string> &inputs,
    const std::vector<std::string> &outputs, const std::string &name, const std::string &domain,
    const Attributes &attributes)
{
    std::string node;
    for (const std::string &input : inputs)
        node += bytes(1, input);
    for (const std::string &output : outputs)
        node += bytes(2, output);
    node += bytes(3, name) + bytes(4, opType) + bytes(7, domain);
    for (const auto &[key, value] : attributes.ints)
        node += bytes(5, bytes(1, key) + number(3, value) + number(20, 2));
    for (const auto &[key, value] : attributes.floats)
        node += bytes(5, bytes(1, key) + fixed(2, value) + number(20, 1));
    for (const auto &[key, values] : attributes.lists) {
        std::string list = bytes(1, key) + number(20, 7);
        for (const std::int64_t value : values)
            list += number(8, value);
        node += bytes(5, list);
    }
    for (const auto &[key, subgraph] : attributes.subgraphs)
        node += bytes(5, bytes(1, key) + bytes(6, subgraph.m_graph) + number(20, 5));
    m_graph += bytes(1, node);
    return *this;
}

OnnxBuilder &OnnxBuilder::textNode(const std::string &opType, const std::string &input, const std::string &output,
    const std::string &domain, const std::vector<std::pair<std::string, std::string>> &texts)
{
    std::string node = bytes(1, input) + bytes(2, output) + bytes(3, opType) + bytes(4, opType) + bytes(7, domain);
    for (const auto &[key, value] : texts)
        node += bytes(5, bytes(1, key) + bytes(4, value) + number(20, 3));
    m_graph += bytes(1, node);
    return *this;
}

OnnxBuilder &OnnxBuilder::tensor(
    const std::string &name, int type, const std::vector<std::int64_t> &dims, const std::string &raw)
{
    std::string tensor;
    for (const std::int64_t dim : dims)
        tensor += number(1, dim);
    return initializer(tensor + number(2, type) + bytes(8, name) + bytes(9, raw));
}

OnnxBuilder &OnnxBuilder::finnType(const std::string &tensor, const std::string &type)
{
    m_graph += bytes(14, bytes(1, tensor) + bytes(2, bytes(1, "finn_datatype") + bytes(2, type)));
    return *this;
}

OnnxBuilder &OnnxBuilder::initializer(const std::string &proto)
{
    m_graph += bytes(5, proto);
    return *this;
}

std::string OnnxBuilder::graph() const { return bytes(7, m_graph); }

std::string OnnxBuilder::model() const { return number(1, 8) + graph() + bytes(8, number(2, 17)); }

Network recoverOnnxBytes(const std::string &model)
{
    const auto span = std::as_bytes(std::span(model));
    const auto source = std::make_shared<MemorySource>(std::vector<std::byte>(span.begin(), span.end()));
    const auto file = std::make_shared<ModelFile>(readOnnx({source, "memory", {}, {}}));
    Network network = listOnnx(file);
    network.diagnostics = file->diagnostics;
    recoverOnnx(network, {});
    return network;
}

} // namespace quantscope::test
