#include "dialects/brevitas/learned_rounding.h"

namespace quantscope {

namespace {

constexpr std::string_view kKey = "int_quant.float_to_int_impl.value";
constexpr int kRuleVersion = 120; ///< from here on learned_round_impl_type matters in evaluation too

const TensorInfo *learnedDecisions(const SlotWork &work)
{
    const StateQuantizer *keys = work.keys();
    if (keys == nullptr)
        return nullptr;
    const auto found = keys->fields.find(kKey);
    return found == keys->fields.end() ? nullptr : &work.facts.file->tensors[found->second];
}

} // namespace

void heedDecisions(SlotWork &work)
{
    QuantizerSpec &spec = *work.spec;
    if (work.slot.slot != Slot::Weight || spec.kind != QuantizerKind::Affine || learnedDecisions(work) == nullptr
        || work.settings.value("float_to_int_impl_type"))
        return;
    spec.rounding = Rounding::LearnedRound;
    spec.origin["rounding"] = {Origin::Read, "the file stores decisions of learned rounding"};
    if (work.facts.version < kRuleVersion || work.settings.value("learned_round_impl_type"))
        return;
    spec.origin["rounding"] = {Origin::Assumed, "LEARNED_ROUND by sigmoid; IDENTITY fits the stored decisions as well"};
    work.slot.assumed = true;
}

void takeDecisions(const SlotWork &work, Quantizer &quantizer)
{
    const TensorInfo *decisions = learnedDecisions(work);
    if (decisions == nullptr)
        throw SlotFailure{"learned-rounding-missing",
            "the key int_quant.float_to_int_impl.value with the learned decisions is not in the file"};
    if (decisions->shape != work.slot.shape)
        throw SlotFailure{"learned-rounding-shape", "the learned decisions do not have the weight's shape"};
    quantizer.learnedRounding = {work.facts.file, decisions};
    if (work.facts.version >= kRuleVersion)
        quantizer.learnedDecision = work.spec->decision;
}

} // namespace quantscope
