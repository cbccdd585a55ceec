#include "dialects/brevitas/activation_rules.h"

#include "base/text.h"
#include "dialects/brevitas/bit_width_rules.h"
#include "dialects/brevitas/scale_rules.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::string_view kRunning = "scaling_impl.runtime_stats.running_stats", kValue = "scaling_impl.value";

/// A stored threshold of a per-channel activation has the shape that broadcasts, such as [1,C,1,1].
Granular granular(const Shape &shape, std::vector<float> values)
{
    if (values.size() == 1)
        return {{}, {}, std::move(values)};
    Granular out{shape, {}, std::move(values)};
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] != 1) {
            if (out.axis)
                throw SlotFailure{"scale-count",
                    fmt::format("stored values of the shape {} differ along more than one axis", shapeText(shape))};
            out.axis = static_cast<int>(i);
        }
    return out;
}

/// Brevitas then uses threshold 1.0 (0.6.0: 2^round(1) for power-of-two scales).
void setUncalibratedScale(SlotWork &work, Quantizer &quantizer, int bits)
{
    const QuantizerSpec &spec = *work.spec;
    const float threshold = spec.version < 70 || spec.restriction == Restriction::Float ? 1.0f : 0.0f;
    quantizer.scale = Granular{{}, {}, {scaleFromStored(threshold, spec, bits)}};
    quantizer.origin["scale"] = {Origin::Assumed, "no threshold is stored (never calibrated): Brevitas uses 1.0"};
    work.slot.assumed = true;
    work.warn(kNeverCalibrated, "no threshold is stored, so it never saw a training batch; Brevitas would use 1.0");
}

/// One object has one value; a file whose copies differ was not written by that network.
void compareWithOwner(SlotWork &work, std::string_view field)
{
    const auto own = work.stored(field), owners = work.facts.stored(*work.thresholdOwner(), field);
    if (own && owners && *own != *owners)
        work.warn("shared-values-differ",
            fmt::format("the value of {} that the file stores for it is not that of {}, whose {} it is said to "
                        "share; its own is used",
                field, work.owner() ? work.settings.sharedWith : work.facts.nameOf(*work.thresholdOwner()),
                work.owner() ? "quantizer" : "threshold"));
}

/// Sharers of one object keep equal keys; the owner's are as good when the sharer has none.
std::optional<std::vector<float>> ownOrOwners(const SlotWork &work, std::string_view field, Shape *shape = nullptr)
{
    auto values = work.stored(field, shape);
    return values || !work.thresholdOwner() ? values : work.facts.stored(*work.thresholdOwner(), field, shape);
}

/// Where the field was read, in the file's own spelling where that is an old one.
std::string keyOf(const SlotWork &work, std::string_view field)
{
    const SlotIndex holder = work.stored(field) ? work.index : work.thresholdOwner().value_or(work.index);
    const StateQuantizer *keys = work.facts.keysOf(holder);
    return keys != nullptr && keys->before06 ? work.facts.keyName(holder, field) : std::string(field);
}

void setScale(SlotWork &work, Quantizer &quantizer, int bits)
{
    QuantizerSpec &spec = *work.spec;
    SlotQuantizer &slot = work.slot;
    if (spec.source == ScaleSource::Constant) {
        quantizer.scale = Granular{{}, {}, {scaleFromConstant(spec, bits)}}; // its origin is the spec's
        slot.formula = scaleFormula(spec, bits, spec.constant.value_or(1.0f), quantizer.scale->values[0]);
        return;
    }
    Shape shape;
    const auto running = ownOrOwners(work, kRunning, &shape);
    const auto value = running ? running : ownOrOwners(work, kValue, &shape);
    if (!value || value->empty())
        return setUncalibratedScale(work, quantizer, bits);
    if (work.thresholdOwner())
        compareWithOwner(work, running ? kRunning : kValue);
    const auto factor = ownOrOwners(work, "scaling_impl.stats_scaling_impl.affine_rescaling.affine_weight");
    auto offset = ownOrOwners(work, "scaling_impl.stats_scaling_impl.affine_rescaling.affine_bias");
    if (!offset)
        offset = ownOrOwners(work, "scaling_impl.stats_scaling_impl.affine_rescaling.affine_bias.value");
    requireAffineKeys(spec, factor || offset);
    const std::size_t count = value->size();
    std::vector<float> scales(count);
    spec.source = running ? ScaleSource::RuntimeStats : ScaleSource::Stored;
    if (spec.before06 && running) // its factor was applied before the logarithm
        spec.restriction = Restriction::Float;
    for (std::size_t i = 0; i < count; ++i)
        scales[i] = running ? scaleFromStatistic((*value)[i], spec, bits,
                        {storedAt(factor, i, count, 1.0f), storedAt(offset, i, count, 0.0f), factor || offset})
                            : scaleFromStored((*value)[i], spec, bits);
    slot.formula = scaleFormula(spec, bits, value->front(), scales.front());
    quantizer.scale = granular(shape, std::move(scales));
    quantizer.origin["scale"] = {Origin::Read,
        running ? keyOf(work, kRunning)
                : fmt::format("{} = {}{}", keyOf(work, kValue), shortest(value->front()),
                    spec.restriction == Restriction::Float ? "" : ", log2 of the threshold")};
    if (spec.before06 && !running)
        work.markAssumed(quantizer, "scale", std::string(kLogBefore06));
}

/// The stored minimum of a shifted activation, as the zero point follows from it.
struct StoredMinimum {
    std::optional<std::vector<float>> values;
    Shape shape;
    std::string key = "zero_point_impl.value";
    bool doubtful = false; ///< 0.7 collects zero points wrongly
    bool untouched = false; ///< none is stored, and Brevitas starts at 0
};

StoredMinimum storedMinimum(const SlotWork &work, const Quantizer &quantizer)
{
    StoredMinimum out;
    const SlotIndex holder = work.owner() && !work.stored(out.key) ? *work.owner() : work.index;
    out.values = work.facts.stored(holder, out.key, &out.shape);
    // 0.7.1 keeps a buffer while it collects and leaves the learned value at +0; once collected the value is what
    // counts, and its bug (the first batch is multiplied in) makes that -0.
    Shape bufferShape;
    const auto buffer = work.facts.stored(holder, "zero_point_impl.buffer", &bufferShape);
    const bool collecting
        = out.values && !out.values->empty() && out.values->front() == 0 && !std::signbit(out.values->front());
    if (buffer && (!out.values || collecting)) {
        out.values = buffer;
        out.shape = bufferShape;
        out.key = "zero_point_impl.buffer";
    }
    // Brevitas stores it with the scale that it collects beside it, and starts at 0.
    const bool collectedBeside = work.spec->source != ScaleSource::Constant && !work.spec->initialised;
    out.untouched = !out.values && (!collectedBeside || quantizer.origin.at("scale").origin == Origin::Assumed);
    if (out.untouched) {
        out.values = {0.0f};
        out.shape = {};
    }
    out.doubtful = buffer.has_value();
    return out;
}

Provenance zeroPointOrigin(const StoredMinimum &minimum)
{
    if (minimum.untouched)
        return {Origin::Assumed, "none is stored (never calibrated): Brevitas uses 0"};
    if (minimum.doubtful)
        return {Origin::Assumed, minimum.key + ": 0.7 collects zero points wrongly"};
    return {
        Origin::Read, fmt::format("{} = {}: round(|value| / scale)", minimum.key, shortest(minimum.values->front()))};
}

void setZeroPoint(SlotWork &work, Quantizer &quantizer, int bits)
{
    const StoredMinimum minimum = storedMinimum(work, quantizer);
    if (!minimum.values || minimum.values->empty())
        throw SlotFailure{"key-missing",
            fmt::format("{} keeps its zero point in the key zero_point_impl.value, which is not in the file",
                work.slot.preset)};
    const auto &scales = quantizer.scale->values;
    const std::size_t count = std::max(minimum.values->size(), scales.size());
    if (scales.size() != 1 && scales.size() != count)
        throw SlotFailure{"zero-point-count",
            fmt::format("{} zero points do not fit {} scales", minimum.values->size(), scales.size())};
    std::vector<float> zeros;
    for (std::size_t i = 0; i < count; ++i)
        zeros.push_back(zeroPointFromMinimum(
            storedAt(minimum.values, i, count, 0.0f), scales[scales.size() == 1 ? 0 : i], *work.spec, bits));
    quantizer.zeroPoint
        = granular(minimum.values->size() == count ? minimum.shape : quantizer.scale->shape, std::move(zeros));
    work.slot.assumed = work.slot.assumed || minimum.doubtful || minimum.untouched;
    quantizer.origin["zero_point"] = zeroPointOrigin(minimum);
}

} // namespace

void resolveActivation(SlotWork &work)
{
    Provenance bitsOrigin = work.spec->origin["bit_width"];
    const int bits = bitWidthOf(work, bitsOrigin);
    Quantizer quantizer = startQuantizer(*work.spec, bits);
    quantizer.origin["bit_width"] = bitsOrigin;
    setScale(work, quantizer, bits);
    if (work.spec->zeroPoint != ZeroPointSource::None)
        setZeroPoint(work, quantizer, bits);
    work.slot.quantizer = std::move(quantizer);
}

} // namespace quantscope
