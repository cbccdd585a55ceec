#pragma once

#include "dialects/onnx/recover.h"
#include "network/network.h"

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace quantscope::test {

/// Element types by ONNX' numbers.
template <class T> constexpr int onnxType();
template <> constexpr int onnxType<float>() { return 1; }
template <> constexpr int onnxType<std::uint8_t>() { return 2; }
template <> constexpr int onnxType<std::int8_t>() { return 3; }
template <> constexpr int onnxType<std::int32_t>() { return 6; }
template <> constexpr int onnxType<std::int64_t>() { return 7; }

/// Writes an ONNX model, field by field as protocol buffers have it.
class OnnxBuilder {
public:
    struct Attributes;

    OnnxBuilder &input(const std::string &name);
    OnnxBuilder &output(const std::string &name);
    OnnxBuilder &node(const std::string &opType, const std::vector<std::string> &inputs,
        const std::vector<std::string> &outputs, const std::string &name, const std::string &domain,
        const Attributes &attributes);
    OnnxBuilder &node(const std::string &opType, const std::vector<std::string> &inputs,
        const std::vector<std::string> &outputs, const std::string &name = {}, const std::string &domain = {});
    /// One input and output, and attributes that are texts, as Vitis AI writes them.
    OnnxBuilder &textNode(const std::string &opType, const std::string &input, const std::string &output,
        const std::string &domain, const std::vector<std::pair<std::string, std::string>> &texts);
    OnnxBuilder &tensor(
        const std::string &name, int type, const std::vector<std::int64_t> &dims, const std::string &raw);
    template <class T>
    OnnxBuilder &tensor(const std::string &name, const std::vector<std::int64_t> &dims, const std::vector<T> &values)
    {
        return tensor(name, onnxType<T>(), dims,
            std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T)));
    }
    /// The type of a tensor by its FINN name, as an annotation.
    OnnxBuilder &finnType(const std::string &tensor, const std::string &type);
    /// A TensorProto as it stands, as an initializer.
    OnnxBuilder &initializer(const std::string &proto);

    /// The graph; behind another model it adds to that one's graph, as repeated sub-messages are merged.
    std::string graph() const;
    std::string model() const;

private:
    std::string m_graph;
};

struct OnnxBuilder::Attributes {
    std::vector<std::pair<std::string, std::int64_t>> ints;
    std::vector<std::pair<std::string, float>> floats;
    std::vector<std::pair<std::string, std::vector<std::int64_t>>> lists = {};
    std::vector<std::pair<std::string, OnnxBuilder>> subgraphs = {};
};

/// A network of a model in memory.
Network recoverOnnxBytes(const std::string &model);

} // namespace quantscope::test
