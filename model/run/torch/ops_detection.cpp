#include "run/torch/ops_detection.h"

#include "run/torch/op_arguments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include <ATen/ops/empty.h>
#include <fmt/format.h>

namespace quantscope {

namespace {

struct Box {
    float top = 0, left = 0, bottom = 0, right = 0;
    float area() const { return (bottom - top) * (right - left); }
};

/// Of two opposite corners, y first, or of a centre with width and height, x first.
Box boxFrom(const float *numbers, bool isCentre)
{
    if (isCentre)
        return {numbers[1] - numbers[3] / 2, numbers[0] - numbers[2] / 2, numbers[1] + numbers[3] / 2,
            numbers[0] + numbers[2] / 2};
    return {std::min(numbers[0], numbers[2]), std::min(numbers[1], numbers[3]), std::max(numbers[0], numbers[2]),
        std::max(numbers[1], numbers[3])};
}

/// Shared over joined area; 0 where they have none.
float overlap(const Box &a, const Box &b)
{
    const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
    const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
    if (!(height > 0) || !(width > 0) || !(a.area() > 0) || !(b.area() > 0))
        return 0;
    const float shared = height * width, joined = a.area() + b.area() - shared;
    return joined > 0 ? shared / joined : 0;
}

struct Suppression {
    std::int64_t most = 0; ///< boxes of each class
    float overlap = 0;
    std::optional<float> score; ///< below or at it a box is none
};

/// Positions of the boxes that stay, by falling score, of equal ones that of the lower index.
std::vector<std::int64_t> kept(const std::vector<Box> &boxes, const float *scores, const Suppression &by)
{
    std::vector<std::int64_t> byScore(boxes.size()), out;
    std::iota(byScore.begin(), byScore.end(), 0);
    std::erase_if(
        byScore, [&](std::int64_t i) { return std::isnan(scores[i]) || (by.score && !(scores[i] > *by.score)); });
    std::ranges::stable_sort(byScore, [&](std::int64_t a, std::int64_t b) { return scores[a] > scores[b]; });
    for (const std::int64_t i : byScore) {
        if (std::ssize(out) >= by.most)
            break;
        const auto hides = [&](std::int64_t other) {
            return overlap(boxes[static_cast<std::size_t>(i)], boxes[static_cast<std::size_t>(other)]) > by.overlap;
        };
        if (std::ranges::none_of(out, hides))
            out.push_back(i);
    }
    return out;
}

OpValues nonMaxSuppression(const OpCall &call)
{
    const at::Tensor boxes = call.tensor(0).to(at::kFloat).contiguous(),
                     scores = call.tensor(1).to(at::kFloat).contiguous();
    if (boxes.dim() != 3 || boxes.size(2) != 4 || scores.dim() != 3 || scores.size(0) != boxes.size(0)
        || scores.size(2) != boxes.size(1))
        throw RunError("its boxes and scores do not belong to each other");
    Suppression by;
    by.most = isGiven(call, 2) ? integerArgument(call, 2) : 0;
    by.overlap = isGiven(call, 3) ? static_cast<float>(realArgument(call, 3)) : 0;
    if (isGiven(call, 4))
        by.score = static_cast<float>(realArgument(call, 4));
    const bool isCentre = call.node.integer("center_point_box", 0) != 0;
    Int64s found;
    for (std::int64_t batch = 0; batch < boxes.size(0); ++batch) {
        std::vector<Box> own;
        for (std::int64_t i = 0; i < boxes.size(1); ++i)
            own.push_back(boxFrom(boxes.data_ptr<float>() + (batch * boxes.size(1) + i) * 4, isCentre));
        for (std::int64_t kind = 0; kind < scores.size(1); ++kind)
            for (const std::int64_t box :
                kept(own, scores.data_ptr<float>() + (batch * scores.size(1) + kind) * scores.size(2), by))
                found.insert(found.end(), {batch, kind, box});
    }
    const at::Tensor out = at::empty({std::ssize(found) / 3, 3}, at::TensorOptions(at::kLong));
    std::ranges::copy(found, out.data_ptr<std::int64_t>());
    return oneValue(out);
}

constexpr std::array kDetectionRows = {OpRow{"", "NonMaxSuppression", nonMaxSuppression}};

} // namespace

std::span<const OpRow> detectionOperators() { return kDetectionRows; }

} // namespace quantscope
