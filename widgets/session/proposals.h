#pragma once

#include "items/proposed_cells.h"
#include "session/proposed_network.h"
#include "session/task.h"

#include <QObject>
#include <QTimer>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quantscope {

class Session;

/// What is tried for slots of the open model and not applied, until it is applied or discarded. Proposals are no edits
/// of the recipe: nothing asks before they go with their model. What they would make of the network is computed as
/// applying them would compute it; one that does not fit any more is dropped with a word.
class Proposals : public QObject {
    Q_OBJECT
public:
    explicit Proposals(Session &session);

    /// In the place of earlier ones for the same slots. Slots that no recipe can choose for are left out.
    void propose(const std::vector<Proposal> &proposals);
    /// The same as an edit that can be undone: of many layers at once. One right after another of the same text is one.
    void proposeAll(const std::vector<Proposal> &proposals, const QString &undoText);
    void withdraw(const std::vector<std::string> &layers, Slot slot);
    /// Null where nothing is proposed.
    const Proposal *of(const std::string &layer, Slot slot) const;
    /// In the file's order.
    std::vector<Proposal> all() const;
    bool empty() const { return m_all.empty(); }
    std::size_t countIn(const std::vector<std::string> &layers) const;

    /// Each one step of the history.
    void applyAll();
    void discardAll();
    /// Why they cannot be applied now; empty where they can.
    QString applyProblem() const;

    /// The network under all of them; null while it is computed.
    const ProposedNetwork *proposed() const { return m_current ? m_known.get() : nullptr; }
    std::map<std::string, GivenCell> cells() const;
    /// Which were dropped and why, until others are made or somebody has read it.
    const QString &dropped() const { return m_dropped; }
    void forgetDropped();
    /// The recipe was written there: tells of what is proposed, which it does not have.
    void onSaved(const QString &path);
    /// The model and the second change places: what is proposed for each stays with it.
    void changePlaces();
    /// Of what was proposed for the second nothing is left.
    void leaveSecond(const QString &path);
    bool idle() const { return !m_delay.isActive() && !m_task.running(); }

Q_SIGNALS:
    void changed();
    void droppedSome(const QString &why);
    void leftOut(const QString &what); ///< of a recipe that was saved

private:
    using SlotName = std::pair<std::string, Slot>;
    /// Of the tensor that a proposal was made for.
    struct Floats {
        std::uint64_t count = 0;
        float low = 0, high = 0;
        double power = 0;
        bool operator==(const Floats &) const = default;
    };
    struct Entry {
        Proposal proposal;
        std::optional<Floats> floats; ///< known once they were computed with
    };
    using Entries = std::map<SlotName, Entry>;
    using Misfits = std::vector<std::pair<SlotName, QString>>;
    class Command;

    static Entries entriesOf(const std::vector<Proposal> &proposals);
    void put(const Entries &entries);
    void take(const Entries &entries);
    Entries now(const Entries &slotsOf) const;
    std::vector<Proposal> possible(const std::vector<Proposal> &proposals) const;
    std::vector<SlotChoice> allChoices() const;
    Misfits misfits() const;
    void onNetwork();
    void onStatistics();
    void leaveModel();
    void sayWent(std::size_t count, const QString &path);
    void begin(Entries entries);
    void changedByHand();
    void schedule();
    void compute();
    void takeComputed(std::shared_ptr<const ProposedNetwork> known);
    QString fittingProblem(Entry &entry, const ProposedNetwork &known, const Layer *layer) const;
    void drop(const Misfits &misfits);
    QString modelKey() const;

    Session &m_session;
    Entries m_all, m_ofSecond;
    QString m_model; ///< file and part that they are for
    std::shared_ptr<const ProposedNetwork> m_known; ///< of what was proposed last; what holds of it is taken over
    std::shared_ptr<const Network> m_ofNetwork; ///< in force when that was computed
    bool m_current = false; ///< it is of m_all and of what is in force
    QString m_problem; ///< why nothing could be computed
    QString m_dropped;
    QTimer m_delay;
    Task<std::shared_ptr<const ProposedNetwork>> m_task;
};

} // namespace quantscope
