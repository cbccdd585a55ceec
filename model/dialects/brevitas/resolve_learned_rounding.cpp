#include "dialects/brevitas/resolver.h"

namespace quantscope {

namespace {

constexpr std::string_view kKey = "int_quant.float_to_int_impl.value";
constexpr int kRuleVersion = 120; ///< from here on learned_round_impl_type matters in evaluation too

} // namespace

const TensorInfo *Resolver::learnedDecisions(const Job &job) const
{
    const StateQuantizer *keys = keysOf(job);
    if (keys == nullptr)
        return nullptr;
    const auto found = keys->fields.find(kKey);
    return found == keys->fields.end() ? nullptr : &m_network.file->tensors[found->second];
}

/// Only a network that rounds by them stores decisions.
void Resolver::heedDecisions(Job &job)
{
    QuantizerSpec &spec = *job.spec;
    if (slotOf(job).slot != Slot::Weight || spec.kind != QuantizerKind::Affine || learnedDecisions(job) == nullptr
        || job.settings.value("float_to_int_impl_type"))
        return;
    spec.rounding = Rounding::LearnedRound;
    spec.origin["rounding"] = {Origin::Read, "the file stores decisions of learned rounding"};
    if (m_version < kRuleVersion || job.settings.value("learned_round_impl_type"))
        return;
    spec.origin["rounding"] = {Origin::Assumed, "LEARNED_ROUND by sigmoid; IDENTITY fits the stored decisions as well"};
    slotOf(job).assumed = true;
}

void Resolver::takeDecisions(const Job &job, Quantizer &quantizer) const
{
    const TensorInfo *decisions = learnedDecisions(job);
    if (decisions == nullptr)
        throw SlotFailure{"learned-rounding-missing",
            "the key int_quant.float_to_int_impl.value with the learned decisions is not in the file"};
    if (decisions->shape != slotOf(job).shape)
        throw SlotFailure{"learned-rounding-shape", "the learned decisions do not have the weight's shape"};
    quantizer.learnedRounding = {m_network.file, decisions};
    if (m_version >= kRuleVersion)
        quantizer.learnedDecision = job.spec->decision;
}

} // namespace quantscope
