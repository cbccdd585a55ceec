#include "dialects/torch/element_factors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace quantscope {

namespace {

constexpr std::size_t kVector = 8; ///< floats in a register of AVX2
constexpr std::uint64_t kPiece = 1u << 16; ///< elements read at once; whole vectors

/// How torch adds the squares of a contiguous row up.
enum class Sum {
    Norm, ///< its general reduction: vectors, then their lanes one after the other, then the rest
    FusedKernel, ///< weight norm along the first axis: the rest joins the lanes, which are added by halves
};

class NormSum {
public:
    void addVectors(std::span<const float> values)
    {
        for (std::size_t i = 0; i < values.size(); ++i)
            m_lanes[i % kVector] = std::fma(values[i], values[i], m_lanes[i % kVector]);
    }
    /// With the elements that are left, fewer than a vector.
    float norm(Sum sum, std::span<const float> rest, bool hasVectors) const
    {
        return std::sqrt(sum == Sum::Norm ? inOrder(rest) : hasVectors ? byHalves(rest) : oneByOne(rest));
    }

private:
    /// Four are multiplied at once, single ones are fused.
    float inOrder(std::span<const float> rest) const
    {
        float sum = m_lanes[0];
        for (std::size_t i = 1; i < kVector; ++i)
            sum += m_lanes[i];
        const std::size_t four = rest.size() / 4 * 4;
        for (std::size_t i = 0; i < rest.size(); ++i) {
            const float square = rest[i] * rest[i];
            sum = i < four ? sum + square : std::fma(rest[i], rest[i], sum);
        }
        return sum;
    }
    float byHalves(std::span<const float> rest) const
    {
        std::array<float, kVector> lanes = m_lanes;
        for (std::size_t i = 0; i < rest.size(); ++i)
            lanes[i] = std::fma(rest[i], rest[i], lanes[i]);
        for (std::size_t half = kVector / 2; half > 0; half /= 2)
            for (std::size_t i = 0; i < half; ++i)
                lanes[i] += lanes[i + half];
        return lanes[0];
    }
    /// Of a row shorter than a vector.
    static float oneByOne(std::span<const float> row)
    {
        float sum = 0;
        for (const float v : row) {
            const float square = v * v;
            sum += square;
        }
        return sum;
    }

    std::array<float, kVector> m_lanes{};
};

float normOf(TensorReader &reader, Sum rule, std::uint64_t begin, std::uint64_t count)
{
    NormSum sum;
    std::vector<float> piece;
    const std::uint64_t vectors = count / kVector * kVector;
    for (std::uint64_t at = 0; at < vectors; at += piece.size()) {
        piece.resize(static_cast<std::size_t>(std::min(kPiece, vectors - at)));
        reader.floats(begin + at, piece);
        sum.addVectors(piece);
    }
    std::vector<float> rest(static_cast<std::size_t>(count - vectors));
    reader.floats(begin + vectors, rest);
    return sum.norm(rule, rest, vectors > 0);
}

/// The same elements in another order: axis i of the view is axis order[i] of the tensor.
TensorInfo permuted(const TensorInfo &tensor, std::span<const std::size_t> order)
{
    TensorInfo view = tensor;
    const std::vector<std::int64_t> strides = tensor.strides.empty() ? contiguousStrides(tensor.shape) : tensor.strides;
    view.strides.assign(order.size(), 0);
    for (std::size_t i = 0; i < order.size(); ++i) {
        view.shape[i] = tensor.shape[order[i]];
        view.strides[i] = strides[order[i]];
    }
    return view;
}

std::vector<std::size_t> firstAxes(std::size_t rank)
{
    std::vector<std::size_t> order(rank);
    std::iota(order.begin(), order.end(), std::size_t{0});
    return order;
}

std::uint64_t rowLength(const TensorInfo &tensor)
{
    return tensor.shape.empty() || tensor.shape[0] == 0 ? tensor.count()
                                                        : tensor.count() / static_cast<std::uint64_t>(tensor.shape[0]);
}

/// Per element of the first axis.
std::vector<float> rowNorms(const TensorInfo &tensor, Sum rule, std::size_t rows)
{
    TensorReader reader(tensor);
    std::vector<float> norms(rows);
    const std::uint64_t length = rows == 1 ? tensor.count() : rowLength(tensor);
    for (std::size_t i = 0; i < rows; ++i)
        norms[i] = normOf(reader, rule, i * length, length);
    return norms;
}

/// Per element of the last axis: each is added up on its own, row after row.
std::vector<float> columnNorms(const TensorInfo &tensor, std::size_t columns)
{
    TensorReader reader(tensor);
    std::vector<float> sums(columns), row(columns);
    for (std::uint64_t at = 0; at < tensor.count(); at += columns) {
        reader.floats(at, row);
        for (std::size_t c = 0; c < columns; ++c)
            sums[c] = std::fma(row[c], row[c], sums[c]);
    }
    std::ranges::transform(sums, sums.begin(), [](float sum) { return std::sqrt(sum); });
    return sums;
}

/// The axis along which the norms differ; the first where there is one norm.
std::size_t longAxis(const Shape &shape)
{
    const auto found = std::ranges::find_if(shape, [](std::int64_t n) { return n != 1; });
    return found == shape.end() ? 0 : static_cast<std::size_t>(found - shape.begin());
}

std::vector<float> normsOf(const TensorInfo &direction, const Shape &normShape, std::size_t count)
{
    const std::size_t rank = direction.shape.size(), axis = longAxis(normShape);
    if (normShape.empty())
        return rowNorms(direction, Sum::Norm, 1);
    if (axis == 0)
        return rowNorms(direction, Sum::FusedKernel, count);
    if (axis + 1 == rank)
        return columnNorms(direction, count);
    std::vector<std::size_t> order = firstAxes(rank);
    std::swap(order[0], order[axis]); // torch transposes the two
    return rowNorms(permuted(direction, order), Sum::Norm, count);
}

double singularValue(
    const TensorInfo &weight, std::size_t axis, std::span<const float> left, std::span<const float> right)
{
    std::vector<std::size_t> order = firstAxes(weight.shape.size());
    std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(axis),
        order.begin() + static_cast<std::ptrdiff_t>(axis) + 1);
    const TensorInfo matrix = permuted(weight, order);
    TensorReader reader(matrix);
    std::vector<float> row(right.size());
    double sum = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
        reader.floats(i * row.size(), row);
        double product = 0;
        for (std::size_t j = 0; j < row.size(); ++j)
            product += static_cast<double>(row[j]) * static_cast<double>(right[j]);
        sum += static_cast<double>(left[i]) * product;
    }
    return sum;
}

} // namespace

ElementFactors weightNormFactors(const TensorInfo &direction, const TensorInfo &g)
{
    ElementFactors out;
    out.values = readFloats(g);
    const std::size_t axis = longAxis(g.shape);
    for (std::size_t i = axis + 1; i < direction.shape.size(); ++i)
        out.inner *= static_cast<std::uint64_t>(direction.shape[i]);
    const std::vector<float> norms = normsOf(direction, g.shape, out.values.size());
    for (std::size_t i = 0; i < norms.size(); ++i)
        out.values[i] /= norms[i];
    return out;
}

ElementFactors spectralNorm(const TensorInfo &weight, const TensorInfo &left, const TensorInfo &right)
{
    const std::vector<float> u = readFloats(left), v = readFloats(right);
    double best = 0;
    for (std::size_t axis = 0; axis < weight.shape.size(); ++axis)
        if (weight.shape[axis] == static_cast<std::int64_t>(u.size()))
            if (const double value = singularValue(weight, axis, u, v); std::fabs(value) > std::fabs(best))
                best = value;
    return {{static_cast<float>(best)}, 1};
}

ElementFactors batchNormFactors(const TensorInfo &weight, const TensorInfo &gamma, const TensorInfo &variance)
{
    ElementFactors out;
    out.values = readFloats(gamma);
    out.inner = rowLength(weight);
    const std::vector<float> variances = readFloats(variance);
    for (std::size_t c = 0; c < out.values.size(); ++c)
        out.values[c] /= std::sqrt(variances.at(c) + 1e-5f);
    return out;
}

} // namespace quantscope
