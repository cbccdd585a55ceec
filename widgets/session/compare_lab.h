#pragma once

#include "items/compare_column.h"
#include "items/slot_ref.h"
#include "lab/compare.h"
#include "session/task.h"

#include <QObject>
#include <QStringList>

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace quantscope {

class Session;

/// The lab's results, computed in the background in batches and kept per slot: what is known stays while the rest
/// arrives.
class CompareLab : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    /// What is compared from now on; starts what is missing. Layers without a tensor in the slot are left out.
    void select(std::shared_ptr<const Network> network, const QStringList &layers, Slot slot);
    /// The selected layers that take part.
    const std::vector<std::string> &layers() const { return m_layers; }
    Slot slot() const { return m_slot; }
    const std::shared_ptr<const Network> &network() const { return m_network; }
    std::uint64_t elements() const;

    /// Candidates of which every selected layer has a result, the file first.
    std::vector<CompareColumn> columns() const;
    /// The first selected layer's result; null when there is none.
    std::shared_ptr<const CandidateResult> result(const std::string &candidate) const;
    /// The file holds only quantized values: errors are against those.
    bool againstQuantized() const;

    /// Tries one more candidate. The answer is what is wrong with its text, else empty; what only shows when it is
    /// computed comes with `refused`.
    QString add(const QString &candidate);
    void remove(const std::string &candidate);
    void restore(); ///< what was removed
    bool hasRemoved() const { return !m_removed.empty(); }

    bool idle() const { return !m_task.running(); }
    /// "9 of 17 candidates", empty when nothing runs.
    QString progressText() const;
    QString problem() const { return m_problem; }
    void cancel();
    /// Counts changes: equal numbers mean equal columns.
    std::uint64_t revision() const { return m_revision; }

Q_SIGNALS:
    void changed();
    void refused(const QString &candidate, const QString &why);

private:
    using SlotName = std::pair<std::string, Slot>;
    struct Entry {
        std::shared_ptr<const Network> fileFrom; ///< the network whose own quantizer stands under "file"
        std::string basis; ///< what the other candidates depend on
        std::vector<CandidateText> offered;
        std::map<std::string, std::shared_ptr<const CandidateResult>> results;
        std::set<std::string> unavailable;
        bool againstQuantized = false;
    };
    std::vector<CandidateText> missing(const Entry &entry) const;
    std::vector<CandidateText> wanted(const Entry &entry) const;
    void next();
    void notify();
    void run(const std::string &layer, std::vector<CandidateText> batch);
    void store(const std::string &layer, const std::vector<CandidateText> &batch, const SlotComparison &comparison);
    void check(const CandidateText &candidate);
    Entry &entryOf(const std::string &layer);
    const Entry *entry(const std::string &layer) const;

    std::shared_ptr<const Network> m_network;
    std::shared_ptr<const ModelFile> m_file;
    std::vector<std::string> m_layers;
    Slot m_slot = Slot::Weight;
    std::map<SlotName, Entry> m_entries;
    std::vector<CandidateText> m_added;
    std::deque<CandidateText> m_checking;
    std::set<std::string> m_removed;
    QString m_problem;
    std::uint64_t m_revision = 1;
    Task<SlotComparison> m_task;
};

/// Why no candidate can become the recipe of a slot; empty when one can.
QString applyProblem(const Session &session, const SlotRef &slot);

} // namespace quantscope
