#pragma once

#include "base/progress.h"
#include "dialects/brevitas/scale_rules.h"
#include "dialects/brevitas/spec.h"
#include "dialects/brevitas/state_dict.h"
#include "dialects/brevitas/weight_statistics.h"
#include "network/network.h"
#include "network/recover.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// A slot whose quantizer cannot be known: becomes an error diagnostic, never ends the others.
struct SlotFailure {
    std::string rule;
    std::string text;
};

/// The i-th of `count` stored factors, or the only one; SlotFailure when the file has another number of them.
float storedAt(const std::optional<std::vector<float>> &list, std::size_t i, std::size_t count, float otherwise);

/// SlotFailure when the recipe says that the file has factors for the statistics and it has none.
void requireAffineKeys(const QuantizerSpec &spec, bool present);

/// Computes every quantizer of a state_dict from the recipe, the stored keys and the tensors. Quantizers that need
/// others (an external bias its weight and input, a sharer its owner) ask for them; a circle is an error of the recipe.
class Resolver {
public:
    Resolver(Network &network, const Progress &progress, const RecoverHints &hints = {});
    void resolveAll();
    /// One slot under other settings: what its layer's quantizer would be, with those that share it, but not with the
    /// one that it shares. The network stays as it is.
    /// Throws RecipeMismatch with a sentence when the settings do not give a quantizer here.
    /// `floats` takes the place of the slot's tensor (where the file holds only quantized values).
    SlotQuantizer candidate(
        const std::string &layer, Slot slot, const SlotSettings &settings, std::shared_ptr<const TensorInfo> floats);

private:
    enum class State { Waiting, Busy, Done };
    /// One slot of one layer, what is known of it before and after.
    struct Job {
        std::size_t layer = 0;
        std::size_t slot = 0;
        SlotSettings settings;
        std::optional<QuantizerSpec> spec;
        State state = State::Waiting;
        std::optional<std::size_t> owner; ///< position of the job whose quantizer object this is
        std::vector<std::size_t> sharers;
        bool failed = false;
    };

    Layer &layerOf(const Job &job) { return m_network.layers[job.layer]; }
    SlotQuantizer &slotOf(const Job &job) { return m_network.layers[job.layer].slots[job.slot]; }
    const Layer &layerOf(const Job &job) const { return m_network.layers[job.layer]; }
    const SlotQuantizer &slotOf(const Job &job) const { return m_network.layers[job.layer].slots[job.slot]; }
    const StateQuantizer *keysOf(const Job &job) const;
    std::optional<float> storedScalar(const Job &job, std::string_view field) const;
    std::optional<std::vector<float>> stored(const Job &job, std::string_view field, Shape *shape = nullptr) const;

    void takeHints();
    void takePrevious();
    bool sameSettings(const Job &job, const Network &previous) const;
    void mergeBatchNorms();
    void requireBatchNorm(const RecipeLayer &entry) const;
    void mergeBatchNorm(Layer &layer, const RecipeLayer &entry);
    void noteBatchNorms();
    void noteVectors();
    void collectJobs();
    void shareByConstruction();
    bool standsAlone(const Job &job) const;
    std::optional<std::size_t> gateInput(const Job &bias) const;
    void linkSharers();
    void chooseSpec(Job &job);
    const Job *takeOwner(Job &job);
    static std::vector<Slot> sharedSlots(Slot slot);
    void takeSpec(Job &job, bool assumed);
    void dropIdleKeywords(Job &job);
    bool isMeant(const Job &job, int entry) const;
    void warnOfIdleKeywords(const Job &job, const QuantizerSpec &spec);
    bool assumePreset(Job &job);
    std::string guessPreset(const Job &job, std::vector<std::string> &alternatives) const;
    void resolve(std::size_t index);
    void resolveJob(Job &job);
    void fail(Job &job, const SlotFailure &failure);
    void warn(const Job &job, const char *rule, const std::string &text);

    std::optional<std::size_t> findJob(const std::string &layer, Slot slot) const;
    /// "LAYER" or "LAYER:SLOT" of a recipe, and the job that it names.
    struct Reference {
        std::string layer;
        std::vector<Slot> slots;
        std::optional<std::size_t> job;
        std::string unknownSlot; ///< what stands behind the colon when it is no slot's name
    };
    Reference referenced(const std::string &text, std::vector<Slot> slots) const;
    bool hasNothingToShare(const Job &job) const;
    /// Throws RecipeMismatch with the nearest name.
    std::size_t namedJob(const std::string &reference, std::vector<Slot> slots, const char *key) const;
    /// " (entry 2, line 9)" of the recipe; empty for what is in no entry.
    std::string entryText(int number) const;
    std::string entryWith(const std::string &reference) const;

    // one file each
    void resolveWeight(Job &job);
    void resolveBias(Job &job);
    void resolveActivation(Job &job);
    void resolveTruncation(Job &job);
    void resolveStoredInteger(Job &job);
    void resolveLab(Job &job);

    Quantizer startQuantizer(const Job &job, int bits) const;
    int bitsOf(const Job &job, Provenance &origin);
    std::optional<int> storedBits(const Job &job, Provenance &origin) const;
    void weightScale(Job &job, Quantizer &quantizer, int bits);
    bool assumeBinary(Job &job);
    void statisticScale(Job &job, Quantizer &quantizer, int bits);
    void weightZeroPoint(Job &job, Quantizer &quantizer, int bits, const std::vector<float> &minimum);
    const TensorInfo *learnedDecisions(const Job &job) const;
    void heedDecisions(Job &job);
    void takeDecisions(const Job &job, Quantizer &quantizer) const;
    void decoupledDivisor(Job &job, Quantizer &quantizer, int bits);
    void normedScale(Job &job, Quantizer &quantizer);
    std::vector<StatisticInput> statisticInputs(const Job &job) const;
    std::vector<StatisticInput> sharedInputs(const Job &job, bool channels) const;
    /// One value, or one for every element of the tensor's axis; anything else is a SlotFailure.
    Granular perChannel(const SlotQuantizer &slot, int axis, std::vector<float> values) const;
    bool knowsChannelAxis(const Job &job) const;
    void markAssumedAxis(Job &job, Quantizer &quantizer);
    /// This quantizer's numbers follow from others that are assumed.
    void markAssumed(Job &job, Quantizer &quantizer, const char *field, const std::string &from);
    void activationScale(Job &job, Quantizer &quantizer, int bits);
    void uncalibratedScale(Job &job, Quantizer &quantizer, int bits);
    void compareWithOwner(const Job &job, std::string_view field);
    std::string absentLayer(const std::string &name);
    void activationZeroPoint(Job &job, Quantizer &quantizer, int bits);
    void externalScale(Job &job, Quantizer &quantizer);

    /// Scale, bits and sign of what a layer reads.
    struct InputQuantizer {
        float scale = 0;
        int bits = 0;
        bool isSigned = true;
        std::string from;
        bool assumed = false;
    };
    /// `bits` is 0 when they are not known.
    std::optional<InputQuantizer> inputOf(Job &job, bool needsScale);
    float accumulatorBound(const Job &job, const std::optional<InputQuantizer> &input);
    void accumulatorWidth(
        const Job &job, Quantizer &quantizer, const SlotQuantizer &weight, const InputQuantizer &input);
    float accumulatorBits(const Layer &layer, const SlotQuantizer &weight, int inputBits) const;
    std::optional<std::size_t> weightJobOf(const Job &bias);

    Network &m_network;
    const Progress &m_progress;
    RecoverHints m_hints;
    std::map<std::string, std::string> m_feeds; ///< layer -> the layer whose output it reads, from a graph
    StateDict m_dict;
    int m_version = kDefaultVersion;
    static constexpr int kMostSuggestions = 20; ///< each compares a name with all others
    int m_suggested = 0;
    bool m_logDomain = false; ///< some stored activation threshold is negative: only log domains hold those
    std::vector<Job> m_jobs;
    std::map<std::pair<std::string, Slot>, std::size_t> m_jobIndex;
    std::map<std::string, const StateLayer *> m_states;
};

/// Fills in the quantizers of a listed state_dict. Throws RecipeMismatch, CancelledError.
void recoverStateDict(Network &network, const Progress &progress, const RecoverHints &hints = {});

} // namespace quantscope
