#pragma once

#include "formats/open_model.h"
#include "run/torch/run_engine.h"
#include "run/torch/tensor_values.h"
#include "support/opened.h"

#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace quantscope::test {

using Arrays = std::map<std::string, at::Tensor>;

inline Arrays arraysOf(const std::string &path)
{
    const auto file = openModel(path);
    if (!file)
        throw ParseError(file.error().text());
    Arrays out;
    for (const TensorInfo &tensor : (*file)->tensors)
        out[tensor.name] = tensorOf(tensor);
    return out;
}

inline std::shared_ptr<const Network> networkOf(const std::string &path)
{
    return std::make_shared<const Network>(opened(path));
}

inline RunEngine engineOf(std::shared_ptr<const Network> network)
{
    auto engine = RunEngine::create(std::move(network));
    if (!engine)
        throw ParseError(engine.error().text());
    return std::move(*engine);
}

inline PieceResult ran(RunEngine &engine, const std::vector<at::Tensor> &inputs, const Observer &observe = {})
{
    auto result = engine.run(inputs, observe, {});
    if (!result)
        throw ParseError(result.error().text());
    if (result->stopped)
        throw ParseError(*result->stopped);
    return std::move(*result);
}

inline std::string shapeText(const at::Tensor &tensor)
{
    std::string out = "[";
    for (const std::int64_t size : tensor.sizes())
        out += std::to_string(size) + " ";
    return out + "]";
}

/// Bit for bit, but for NaN and, where only numbers count, for the sign of 0: integers of QCDQ have no -0. Empty where
/// they are equal, else how far apart they are.
inline std::string difference(const at::Tensor &a, const at::Tensor &b, bool onlyNumbers = false)
{
    if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type())
        return "shapes " + shapeText(a) + " and " + shapeText(b) + ", types " + c10::toString(a.scalar_type()) + " and "
            + c10::toString(b.scalar_type());
    const at::Tensor left = a.contiguous(), right = b.contiguous();
    const auto *x = left.data_ptr<float>(), *y = right.data_ptr<float>();
    float largest = 0;
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < left.numel(); ++i)
        if (std::memcmp(x + i, y + i, sizeof(float)) != 0 && !(std::isnan(x[i]) && std::isnan(y[i]))
            && !(onlyNumbers && x[i] == y[i])) {
            ++count;
            largest = std::max(largest, std::abs(x[i] - y[i]));
        }
    return count == 0 ? std::string() : fmt::format("{} of {} differ, by up to {}", count, left.numel(), largest);
}

} // namespace quantscope::test
