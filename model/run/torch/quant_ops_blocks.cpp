#include "run/torch/quant_ops_blocks.h"

#include "base/parallel.h"

#include <array>

#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <fmt/format.h>

namespace quantscope {

namespace {

/// onnxruntime ContribOperators.md, MatMulNBits: codes of one row of the matrix in blocks along it, low bits first.
struct Blocks {
    std::int64_t rows = 0, columns = 0, bits = 0, size = 0;
    std::int64_t perRow() const { return (columns + size - 1) / size; }
    std::int64_t blockBytes() const { return (size * bits + 7) / 8; }
    std::int64_t zeroBytes() const { return (perRow() * bits + 7) / 8; }
};

Blocks blocksOf(const OpCall &call)
{
    constexpr std::int64_t kMost = std::int64_t(1) << 31;
    const Blocks out{call.node.integer("N", 0), call.node.integer("K", 0), call.node.integer("bits", 4),
        call.node.integer("block_size", 0)};
    if (out.rows < 1 || out.columns < 1 || out.rows >= kMost || out.columns >= kMost)
        throw RunError("its attributes N and K are no sizes of a matrix");
    if (out.bits < 1 || out.bits > 8 || out.size < 1 || out.size >= kMost)
        throw RunError("its attributes bits and block_size are not run");
    if (call.node.integer("weight_prepacked", 0) != 0)
        throw RunError("its weight is packed in a private way");
    return out;
}

std::uint32_t codeAt(const std::uint8_t *bytes, std::int64_t index, std::int64_t bits)
{
    std::uint32_t code = 0;
    for (std::int64_t bit = 0; bit < bits; ++bit) {
        const std::int64_t at = index * bits + bit;
        code |= ((static_cast<std::uint32_t>(bytes[at / 8]) >> (at % 8)) & 1u) << bit;
    }
    return code;
}

at::Tensor sizedAs(const at::Tensor &tensor, at::ScalarType type, std::int64_t count, const char *what)
{
    if (tensor.numel() != count)
        throw RunError(fmt::format("its {} has {} elements, where {} are needed", what, tensor.numel(), count));
    return tensor.to(type).contiguous();
}

/// value = (code - zero point) * scale, [rows][columns].
at::Tensor unpackedBlocks(const OpCall &call, const Blocks &blocks)
{
    const std::int64_t groups = blocks.rows * blocks.perRow();
    const at::Tensor bytes = sizedAs(call.tensor(1), at::kByte, groups * blocks.blockBytes(), "packed weight");
    const at::Tensor scales = sizedAs(call.tensor(2), at::kFloat, groups, "scales");
    at::Tensor zeros, groupOf;
    bool packedZeros = false;
    if (call.input(3).isTensor()) {
        packedZeros = call.tensor(3).scalar_type() == at::kByte;
        zeros = packedZeros ? sizedAs(call.tensor(3), at::kByte, blocks.rows * blocks.zeroBytes(), "packed zero points")
                            : sizedAs(call.tensor(3), at::kFloat, groups, "zero points");
    }
    if (call.input(4).isTensor())
        groupOf = sizedAs(call.tensor(4), at::kLong, blocks.columns, "group index");
    const at::Tensor out = at::empty({blocks.rows, blocks.columns}, at::TensorOptions(at::kFloat));
    const auto row = [&](std::size_t at) {
        const auto r = static_cast<std::int64_t>(at);
        for (std::int64_t k = 0; k < blocks.columns; ++k) {
            const std::int64_t block = k / blocks.size;
            const std::int64_t group = groupOf.defined() ? groupOf.data_ptr<std::int64_t>()[k] : block;
            if (group < 0 || group >= blocks.perRow())
                throw RunError("its group index names no group");
            const auto *packed = bytes.data_ptr<std::uint8_t>() + (r * blocks.perRow() + block) * blocks.blockBytes();
            auto zero = static_cast<float>(1 << (blocks.bits - 1));
            if (packedZeros)
                zero = static_cast<float>(
                    codeAt(zeros.data_ptr<std::uint8_t>() + r * blocks.zeroBytes(), group, blocks.bits));
            else if (zeros.defined())
                zero = zeros.data_ptr<float>()[r * blocks.perRow() + group];
            const auto code = static_cast<float>(codeAt(packed, k % blocks.size, blocks.bits));
            out.data_ptr<float>()[r * blocks.columns + k]
                = (code - zero) * scales.data_ptr<float>()[r * blocks.perRow() + group];
        }
    };
    parallelFor(static_cast<std::size_t>(blocks.rows), row);
    return out;
}

std::vector<c10::IValue> matMulNBits(const OpCall &call)
{
    const Blocks blocks = blocksOf(call);
    const at::Tensor x = call.tensor(0);
    const at::Tensor out = at::matmul(x, unpackedBlocks(call, blocks).t().to(x.scalar_type()));
    return {call.input(5).isTensor() ? out.add(call.tensor(5)) : out};
}

constexpr std::array kBlockRows = {OpRow{"com.microsoft", "MatMulNBits", matMulNBits}};

} // namespace

std::span<const OpRow> blockOperators() { return kBlockRows; }

} // namespace quantscope
