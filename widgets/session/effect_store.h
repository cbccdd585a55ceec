#pragma once

#include "run/data_effect.h"

#include <QObject>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

class Session;

/// What the network does with a candidate in the place of the quantizers in force, on the data that are chosen.
struct CandidateEffect {
    DataEffect effect;
    std::vector<LayerFlow> flows; ///< what flowed into the slots that were asked for, where it was seen
    std::string problem; ///< why it cannot run there; then nothing else is known
};

/// Effects of candidates, one run after the other, kept as long as recipe, data and file are what they were of: an undo
/// finds them again. What is not wanted any more does not run.
class EffectStore : public QObject {
    Q_OBJECT
public:
    explicit EffectStore(Session &session);
    ~EffectStore() override;

    /// A candidate and what it puts in the place of quantizers: LAYER:SLOT=CANDIDATE; nothing for those in force.
    struct Wanted {
        std::string candidate;
        std::vector<std::string> choices;
        bool operator==(const Wanted &) const = default;
    };
    /// What is measured from now on, the most promising first. `flows` are the slots whose figures are wanted, with the
    /// magnitudes that flowed into them under their own quantizers.
    void want(std::vector<Wanted> candidates, std::vector<SlotId> flows);

    /// Somebody looks: runs the network on the data that are chosen, once, where it has not been run; RunStore has its
    /// progress, and cancel() stops it. Nothing happens where the program that runs networks is missing.
    void ask();
    /// That run goes on: effects begin behind it.
    bool awaitsRun() const;
    /// The network has been run on the data that are chosen.
    bool hasData() const;
    /// Null: it has not been run, or that is not known.
    const CandidateEffect *effect(const std::string &candidate) const;
    /// The run of the network as it is, with magnitudes where flows are wanted.
    std::shared_ptr<const RunResult> own() const;
    struct Count {
        std::size_t done = 0, total = 0;
    };
    Count count() const; ///< of the candidates that are wanted
    bool idle() const;
    std::string problem() const { return m_problem; } ///< why nothing runs; empty where nothing went wrong
    void cancel(); ///< what is known stays; nothing begins until something else is wanted
    bool isStopped() const { return m_stopped; }
    void resume();
    /// Counts changes: equal numbers mean equal effects.
    std::uint64_t revision() const { return m_revision; }

Q_SIGNALS:
    void changed();

private:
    /// What effects depend on.
    struct Basis {
        RunModel model;
        RunData data;
        std::shared_ptr<const ModelFile> file;
        bool operator==(const Basis &) const = default;
    };
    struct Known {
        Basis basis;
        std::shared_ptr<const RunResult> own;
        bool hasMagnitudes = false;
        std::map<std::string, CandidateEffect> effects; ///< by their choices
    };
    std::optional<Basis> basisNow() const;
    void takeRan(const std::optional<Basis> &now);
    void onBasis();
    Known *known();
    const Known *known() const;
    void next();
    void runOwn(const Basis &basis);
    void runCandidate(const Known &known, const Wanted &wanted);
    void fail(const Error &error);
    void notify();
    RunRequest requestOf(const Basis &basis) const;

    Session &m_session;
    std::optional<Basis> m_basis;
    std::optional<std::pair<RunData, std::shared_ptr<const ModelFile>>> m_ran; ///< data and file that were run
    std::optional<std::pair<RunData, std::shared_ptr<const ModelFile>>> m_askedFor; ///< by ask()
    bool m_awaited = false; ///< as it was told last
    std::vector<Known> m_known; ///< the oldest first
    std::vector<Wanted> m_wanted;
    std::vector<SlotId> m_flows;
    std::string m_problem;
    bool m_stopped = false; ///< by a person
    std::uint64_t m_revision = 1;
};

} // namespace quantscope
