#include "dialects/brevitas/overrides.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace quantscope {

namespace {

constexpr std::array kOverrides = {
    Override{"bit_width"},
    Override{"axis", false, true, "w"}, // of torch_per_channel_affine
    Override{"bit_width_impl_type"},
    Override{"min_bit_width"},
    Override{"override_pretrained_bit_width", true},
    Override{"quant_type"},
    Override{"threshold"},
    Override{"signed"},
    Override{"narrow_range"},
    Override{"scaling_per_output_channel"},
    Override{"scaling_per_output_type"},
    Override{"restrict_scaling_type"},
    Override{"restrict_value_float_to_int_impl"},
    Override{"int_scaling_impl"},
    Override{"scaling_impl_type"},
    Override{"scaling_const"},
    Override{"scaling_init"},
    Override{"scaling_stats_op"},
    Override{"sigma"},
    Override{"high_percentile_q"},
    Override{"low_percentile_q"},
    Override{"percentile_q"},
    Override{"scaling_min_val"},
    Override{"float_to_int_impl_type"},
    Override{"learned_round_impl_type", false, true, "w"},
    Override{"learned_round_gamma", false, true, "w"},
    Override{"learned_round_zeta", false, true, "w"},
    Override{"learned_round_init", true, true, "w"},
    Override{"min_val", false, true, "a"},
    Override{"max_val", false, true, "a"},
    Override{"collect_stats_steps", true, true, "a"},
    Override{"scaling_stats_momentum", true, true, "a"},
    Override{"per_channel_broadcastable_shape", false, true, "a"},
    Override{"scaling_stats_permute_dims", true, true, "a"},
    Override{"scaling_stats_input_view_shape_impl", true, true, "wa"},
    Override{"accumulator_bit_width", false, true, "w"},
    Override{"accumulator_bit_width_impl", true, true, "w"},
    Override{"affine_shift_scale"},
    Override{"affine_rescaling_init", true},
    Override{"scaling_affine_rescaling_init", true},
    Override{"scaling_affine_shifting_init", true},
    Override{"mse_iters", true},
    Override{"mse_search_method", true},
    Override{"quantize_zero_point"},
    Override{"zero_point_impl"},
    Override{"requires_input_scale", false, true, "b"},
    Override{"requires_input_bit_width", false, true, "b"},
    Override{"quant_delay_steps", true, true, "a"},
    Override{"group_size", false, false, "w"},
    Override{"group_dim", false, false, "w"},
    Override{"dtype", true},
    Override{"device", true},
};

bool sameWord(std::string_view a, std::string_view b)
{
    return std::ranges::equal(
        a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

} // namespace

const Override *findOverride(std::string_view name)
{
    const auto found
        = std::find_if(kOverrides.begin(), kOverrides.end(), [&](const Override &o) { return sameWord(o.name, name); });
    return found == kOverrides.end() ? nullptr : &*found;
}

std::vector<std::string> overrideNames()
{
    std::vector<std::string> names;
    for (const Override &o : kOverrides)
        names.emplace_back(o.name);
    return names;
}

std::vector<std::string> overrideNames(Slot slot)
{
    const char kind = slot == Slot::Weight ? 'w' : slot == Slot::Bias ? 'b' : 'a';
    std::vector<std::string> names;
    for (const Override &o : kOverrides)
        if (o.only.empty() || o.only.find(kind) != std::string_view::npos)
            names.emplace_back(o.name);
    return names;
}

} // namespace quantscope
