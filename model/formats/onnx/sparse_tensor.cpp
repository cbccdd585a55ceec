#include "formats/onnx/sparse_tensor.h"

#include "base/checked.h"
#include "base/text.h"
#include "formats/onnx/tensor_proto.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope::onnx {

namespace {

/// Elements that are not zero by their position, as the bytes of a dense tensor.
class SparseSource final : public ByteSource {
public:
    /// `positions` rise; `patterns` are the elements' bits; `bits` are 2, 4 or whole bytes up to 8.
    SparseSource(
        std::vector<std::uint64_t> positions, std::vector<std::uint64_t> patterns, unsigned bits, std::uint64_t size)
        : m_positions(std::move(positions))
        , m_patterns(std::move(patterns))
        , m_bits(bits)
        , m_size(size)
    {
    }

    std::uint64_t size() const override { return m_size; }
    void read(std::uint64_t offset, std::span<std::byte> out) const override
    {
        if (offset > m_size || out.size() > m_size - offset)
            throw ParseError("the sparse tensor ends early", offset);
        std::fill(out.begin(), out.end(), std::byte{0});
        const std::uint64_t end = offset + out.size();
        const std::uint64_t first = offset * 8 / m_bits;
        for (auto at = static_cast<std::size_t>(std::ranges::lower_bound(m_positions, first) - m_positions.begin());
             at < m_positions.size() && m_positions[at] * m_bits / 8 < end; ++at)
            place(at, offset, out);
    }

private:
    void place(std::size_t at, std::uint64_t offset, std::span<std::byte> out) const
    {
        const std::uint64_t bit = m_positions[at] * m_bits;
        const unsigned bytes = std::max(1u, m_bits / 8);
        for (unsigned i = 0; i < bytes; ++i) {
            const std::uint64_t byte = bit / 8 + i;
            if (byte >= offset && byte - offset < out.size())
                out[byte - offset] |= static_cast<std::byte>(m_patterns[at] >> (8 * i) << (bit % 8));
        }
    }

    std::vector<std::uint64_t> m_positions, m_patterns;
    unsigned m_bits;
    std::uint64_t m_size;
};

struct SparseParts {
    Message values, indices;
    Shape dims;
    bool tooManyAxes = false;
};

/// Flat positions from indices of the shape [count], or [count][axes].
std::vector<std::uint64_t> positionsOf(const TensorInfo &indices, const Shape &dims, std::uint64_t count)
{
    const bool byAxis = indices.shape.size() == 2;
    const Shape expected = byAxis ? Shape{static_cast<std::int64_t>(count), static_cast<std::int64_t>(dims.size())}
                                  : Shape{static_cast<std::int64_t>(count)};
    if (indices.dtype != DType::Int64 || indices.shape != expected)
        throw ParseError(fmt::format("its indices are {} of shape {}, not int64 of shape {}", dtypeName(indices.dtype),
            shapeText(indices.shape), shapeText(expected)));
    const std::vector<std::int64_t> given = count == 0 ? std::vector<std::int64_t>() : readIntegers(indices);
    const std::uint64_t elements = elementCount(dims);
    std::vector<std::uint64_t> positions(count);
    for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t at = byAxis ? 0 : static_cast<std::uint64_t>(given[i]);
        for (std::size_t axis = 0; byAxis && axis < dims.size(); ++axis) {
            const std::int64_t index = given[i * dims.size() + axis];
            if (index < 0 || index >= dims[axis])
                throw ParseError(fmt::format("its index {} lies outside axis {} of {}", index, axis, dims[axis]));
            at = at * static_cast<std::uint64_t>(dims[axis]) + static_cast<std::uint64_t>(index);
        }
        if (at >= elements) // also a negative one
            throw ParseError(
                fmt::format("its index {} lies outside its {} elements", static_cast<std::int64_t>(at), elements));
        if (i > 0 && at <= positions[i - 1])
            throw ParseError("its indices do not rise");
        positions[i] = at;
    }
    return positions;
}

void resolve(Context &context, const SparseParts &parts, const TensorInfo &values, TensorInfo &out)
{
    if (parts.tooManyAxes)
        throw ParseError(fmt::format("has more than {} axes", context.request.limits.rank));
    const std::uint64_t elements = elementCount(out.shape, context.request.limits);
    if (elements > context.request.limits.repeatedElements)
        throw ParseError(fmt::format("is stored sparse and has {} elements, which are too many", elements));
    const unsigned bits = dtypeBits(values.dtype);
    if (!values.problem.empty() || bits == 0 || bits > 64)
        throw ParseError(values.problem.empty() ? "is stored sparse, as no numbers" : values.problem);
    if (values.shape.size() != 1)
        throw ParseError(fmt::format("is stored sparse, with values of shape {}", shapeText(values.shape)));
    const TensorInfo indices = readTensor(context, parts.indices, out.name + " indices", "");
    if (!indices.problem.empty())
        throw ParseError("its indices: " + indices.problem);
    const std::uint64_t count = elementCount(values.shape);
    context.ownedBytes += checkedMul(count, 16, "its size");
    if (context.ownedBytes > context.request.limits.ownedTensorBytes)
        throw ParseError("is stored sparse, and decoding it would take too much memory");
    std::vector<std::uint64_t> patterns(count);
    if (count != 0)
        TensorReader(values).patterns(0, patterns);
    out.storage.bytes = checkedMul(elements, bits, "its size") / 8 + (elements * bits % 8 != 0 ? 1 : 0);
    out.storage.source = std::make_shared<SparseSource>(
        positionsOf(indices, out.shape, count), std::move(patterns), bits, out.storage.bytes);
}

SparseParts scan(Context &context, const Message &message)
{
    SparseParts out;
    forEachField(context.window, message, [&](const Field &field) {
        if (field.isBytes(1))
            out.values.push_back(field.bytes);
        else if (field.isBytes(2))
            out.indices.push_back(field.bytes);
        else if (field.number == 3)
            forEachVarint(context.window, field, [&](std::uint64_t dim) {
                if (out.dims.size() < context.request.limits.rank)
                    out.dims.push_back(static_cast<std::int64_t>(dim));
                else
                    out.tooManyAxes = true;
            });
    });
    return out;
}

} // namespace

TensorInfo readSparseTensor(
    Context &context, const Message &message, const std::string &fallbackName, const std::string &scope)
{
    const SparseParts parts = scan(context, message);
    const TensorInfo values = readTensor(context, parts.values, fallbackName, scope);
    TensorInfo tensor;
    tensor.name = values.name;
    tensor.dtype = values.dtype;
    tensor.shape = parts.dims;
    try {
        resolve(context, parts, values, tensor);
    } catch (const ParseError &error) {
        tensor.storage = {};
        tensor.problem = error.what();
        if (values.problem.empty()) // else it has been said
            context.report("tensor-unreadable", Severity::Error, tensor.name,
                fmt::format("Tensor '{}' cannot be read: {}.", printable(tensor.name), tensor.problem));
    }
    return tensor;
}

} // namespace quantscope::onnx
