#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace quantscope::test {

/// Integer images of one sample: [channel][row][column].
struct IntegerImage {
    std::size_t channels = 0, rows = 0, columns = 0;
    std::vector<std::int64_t> at;

    std::int64_t pixel(std::size_t c, std::size_t y, std::size_t x) const { return at[(c * rows + y) * columns + x]; }
    std::int64_t &pixel(std::size_t c, std::size_t y, std::size_t x) { return at[(c * rows + y) * columns + x]; }
    static IntegerImage zeros(std::size_t channels, std::size_t rows, std::size_t columns)
    {
        return {channels, rows, columns, std::vector<std::int64_t>(channels * rows * columns, 0)};
    }
};

/// A convolution as its definition has it, with sums that nothing limits. Weights are [out][in / groups][row][column],
/// of a transposed one [in][out / groups][row][column].
struct IntegerConvolution {
    std::size_t inputs = 1, outputs = 1, rows = 1, columns = 1, groups = 1, stride = 1, pad = 0;
    bool transposed = false;
    std::vector<std::int64_t> weight = {};
    std::vector<std::int64_t> bias = {}; ///< empty: none

    IntegerImage operator()(const IntegerImage &in) const
    {
        const auto outer = [&](std::size_t size, std::size_t kernel) {
            return transposed ? (size - 1) * stride + kernel - 2 * pad : (size + 2 * pad - kernel) / stride + 1;
        };
        IntegerImage out = IntegerImage::zeros(outputs, outer(in.rows, rows), outer(in.columns, columns));
        const IntegerImage &small = transposed ? in : out, &large = transposed ? out : in;
        for (std::size_t o = 0; o < outputs; ++o)
            for (std::size_t i = 0; i < inputs / groups; ++i)
                for (std::size_t ky = 0; ky < rows; ++ky)
                    for (std::size_t kx = 0; kx < columns; ++kx) {
                        const std::size_t group = o / (outputs / groups), input = group * (inputs / groups) + i;
                        const std::size_t flat = transposed
                            ? ((input * (outputs / groups) + o % (outputs / groups)) * rows + ky) * columns + kx
                            : ((o * (inputs / groups) + i) * rows + ky) * columns + kx;
                        for (std::size_t sy = 0; sy < small.rows; ++sy)
                            for (std::size_t sx = 0; sx < small.columns; ++sx) {
                                const std::size_t ly = sy * stride + ky - pad, lx = sx * stride + kx - pad;
                                if (ly >= large.rows || lx >= large.columns) // also below 0
                                    continue;
                                if (transposed)
                                    out.pixel(o, ly, lx) += weight[flat] * in.pixel(input, sy, sx);
                                else
                                    out.pixel(o, sy, sx) += weight[flat] * in.pixel(input, ly, lx);
                            }
                    }
        for (std::size_t o = 0; o < bias.size(); ++o)
            for (std::size_t p = 0; p < out.rows * out.columns; ++p)
                out.at[o * out.rows * out.columns + p] += bias[o];
        return out;
    }
};

/// Calls `visit` with every image whose pixels are in [low, high].
inline void forEveryImage(
    IntegerImage image, std::int64_t low, std::int64_t high, const std::function<void(const IntegerImage &)> &visit)
{
    for (std::int64_t &pixel : image.at)
        pixel = low;
    while (true) {
        visit(image);
        std::size_t digit = 0;
        while (digit < image.at.size() && image.at[digit] == high)
            image.at[digit++] = low;
        if (digit == image.at.size())
            return;
        ++image.at[digit];
    }
}

} // namespace quantscope::test
