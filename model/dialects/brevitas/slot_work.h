#pragma once

#include "dialects/brevitas/resolve_slot.h"
#include "dialects/brevitas/spec.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// What a quantizer that is one of its own shares with another: its threshold, with or without its int scaling.
struct ScalingShare {
    enum class Says {
        Nothing,
        Recipe, ///< certain
        Storage, ///< the file keeps both thresholds in one storage: the usual case is taken
        Conflict, ///< the same, but the scales come out different
    };
    Says says = Says::Nothing;
    SlotIndex other = 0;
    bool intScaling = false; ///< shared too
    bool assumed = false; ///< the other's scale is, or this one's share in it
    float ownDivisor = 1; ///< what the threshold would be divided by alone
};

/// One slot while its rules work on it. The rules throw SlotFailure, RecipeMismatch and ParseError; `resolveSlot` is
/// the one catch.
struct SlotWork {
    const BrevitasFacts &facts;
    SlotIndex index;
    const SlotContext &context;
    SlotSettings settings;
    SlotQuantizer slot; ///< the bare one, filled in
    std::optional<QuantizerSpec> spec;
    std::vector<SlotWarning> warnings;
    ScalingShare scaling = {};
    std::string grid = {}; ///< what the weights were found to lie on; then nothing else is assumed of them
    bool restsOnMean = false; ///< the scale, or what it follows from, is a sum in float32

    const Layer &layer() const { return facts.layerOf(index); }
    /// Of a sharer; nullopt for what is resolved as a quantizer of its own.
    std::optional<SlotIndex> owner() const;
    /// Whose tensors or keys the threshold follows from: the owner of the quantizer, or of its scaling alone.
    std::optional<SlotIndex> thresholdOwner() const;
    const StateQuantizer *keys() const { return facts.keysOf(index); }
    std::optional<std::vector<float>> stored(std::string_view field, Shape *shape = nullptr) const
    {
        return facts.stored(index, field, shape);
    }
    void warn(const char *rule, std::string text) { warnings.push_back({rule, std::move(text)}); }
    /// This quantizer's numbers follow from others that are assumed.
    void markAssumed(Quantizer &quantizer, const char *field, const std::string &from);
};

/// A slot as it is listed, with nothing said of its quantizer; `floats` may take the place of its tensor.
SlotQuantizer bareSlot(
    const BrevitasFacts &facts, SlotIndex index, const std::shared_ptr<const TensorInfo> &floats = nullptr);

/// What the spec alone says of the quantizer: all but its scale.
Quantizer startQuantizer(const QuantizerSpec &spec, int bits);

/// The i-th of `count` stored factors, or the only one; SlotFailure when the file has another number of them.
float storedAt(const std::optional<std::vector<float>> &list, std::size_t i, std::size_t count, float otherwise);

/// SlotFailure when the recipe says that the file has factors for the statistics and it has none.
void requireAffineKeys(const QuantizerSpec &spec, bool present);

/// One value, or one for every element of the tensor's axis; anything else is a SlotFailure.
Granular perChannel(const SlotQuantizer &slot, int axis, std::vector<float> values);

} // namespace quantscope
