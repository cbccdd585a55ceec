#include "quant/resolver.h"

#include <cctype>
#include <cstdlib>

namespace quantscope {

namespace {

constexpr std::string_view kKey = "int_quant.float_to_int_impl.value";
constexpr int kRuleVersion = 120; ///< from here on learned_round_impl_type matters in evaluation too

bool isWord(const std::string &text, std::string_view word)
{
    return std::equal(text.begin(), text.end(), word.begin(), word.end(),
        [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
}

double numberOr(const std::optional<std::string> &text, double otherwise)
{
    return text ? std::strtod(text->c_str(), nullptr) : otherwise; // makeSpec has checked it
}

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
    if (slotOf(job).slot != "weight" || spec.kind != QuantizerKind::Affine || learnedDecisions(job) == nullptr
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
    const auto rule = job.settings.value("learned_round_impl_type");
    if (m_version < kRuleVersion || !rule)
        return;
    LearnedDecision &decision = quantizer.learnedDecision;
    decision.gamma = numberOr(job.settings.value("learned_round_gamma"), decision.gamma);
    decision.zeta = numberOr(job.settings.value("learned_round_zeta"), decision.zeta);
    decision.rule = isWord(*rule, "identity") ? LearnedDecision::Rule::Identity
        : isWord(*rule, "hard_sigmoid")       ? LearnedDecision::Rule::HardSigmoid
                                              : LearnedDecision::Rule::Positive;
}

} // namespace quantscope
