#pragma once

#include "dialects/brevitas/presets.h"
#include "dialects/brevitas/recipe_edits.h"
#include "items/proposed_cells.h"
#include "lab/compare.h"
#include "run/run_result.h"
#include "session/lab_basis.h"
#include "session/task.h"

#include <QObject>
#include <QStringList>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace quantscope {

/// The lab's results, computed in the background in batches and kept per slot: what is known stays while the rest
/// arrives.
class LabStore : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    /// What one candidate does, one result per selected layer.
    using Results = std::vector<std::shared_ptr<const CandidateResult>>;

    /// What is compared from now on; starts what is missing. Layers without a tensor in the slot are left out.
    void select(std::shared_ptr<const Network> network, const QStringList &layers, Slot slot);
    /// What flowed through the network as it is, with magnitudes: activations take their ranges from it. Null: nothing
    /// was run, and activations are not compared.
    void setFlows(std::shared_ptr<const RunResult> flows);
    /// The selected layers that take part.
    const std::vector<std::string> &layers() const { return m_layers; }
    Slot slot() const { return m_slot; }
    const std::shared_ptr<const Network> &network() const { return m_network; }
    std::uint64_t elements() const; ///< of activations those that flowed
    bool isActivation() const { return presetSlot(m_slot) == Slot::Act; }

    /// Candidates of which every selected layer has a result, the file first.
    std::vector<Results> results() const;
    /// The same with their names, which are their texts unless each layer has its own.
    std::vector<std::pair<std::string, Results>> named() const;
    /// The first selected layer's result; null when there is none.
    std::shared_ptr<const CandidateResult> result(const std::string &candidate) const;
    /// A candidate as what is proposed for every selected layer, each at its own width; empty where there is none of
    /// that name.
    std::vector<Proposal> proposals(const std::string &candidate) const;
    std::vector<SlotChoice> choices(const std::string &candidate) const;
    /// The candidate that has these texts, one a selected layer; empty where there is none.
    std::string nameOf(const std::vector<std::string> &texts) const;
    /// The file holds only quantized values: errors are against those.
    bool againstQuantized() const;

    /// Tries one more candidate; that it cannot be had is told by `refused`. Needs a selected layer.
    void add(const CandidateText &candidate);
    void remove(const std::string &candidate);
    void restore(); ///< what was removed
    bool hasRemoved() const { return !m_removed.empty(); }

    bool idle() const { return !m_task.running(); }
    /// Candidates that are there and that are wanted, over all selected layers.
    struct Count {
        std::size_t done = 0, total = 0;
    };
    Count count() const;
    std::string problem() const { return m_problem; }
    void cancel();
    /// Counts changes: equal numbers mean equal results.
    std::uint64_t revision() const { return m_revision; }

Q_SIGNALS:
    void changed();
    void refused(const QString &candidate, const QString &why);

private:
    using SlotName = std::pair<std::string, Slot>;
    struct Entry {
        LabBasis basis; ///< what the offered candidates depend on
        std::optional<SlotQuantizer> file; ///< the slot whose own quantizer stands under "file"
        std::vector<CandidateText> offered;
        std::map<std::string, std::size_t> offers; ///< positions in it, by what it is whatever the width
        std::map<std::string, std::shared_ptr<const CandidateResult>> results;
        std::set<std::string> unavailable;
        bool againstQuantized = false;
    };
    /// One of the selected layers.
    struct Selected {
        LayerId layer{};
        const SlotQuantizer *slot = nullptr; ///< of m_network
        Entry *entry = nullptr; ///< of m_entries
    };
    /// One candidate over the selected layers: the same text for all, or, where their widths differ, each at its own.
    struct Column {
        std::string name;
        std::vector<CandidateText> texts; ///< by layer
    };
    void arrange();
    const Column *column(const std::string &name) const;
    std::vector<CandidateText> missing(std::size_t layer) const;
    std::size_t wanted() const;
    void next();
    void notify();
    void run(std::size_t at, std::vector<CandidateText> batch);
    void store(std::size_t at, const std::vector<CandidateText> &batch, const SlotComparison &comparison);
    void check(const CandidateText &candidate);
    void findEntries();
    void update(Entry &entry, const SlotQuantizer &slot, LabBasis basis) const;
    void countMissing();

    std::shared_ptr<const Network> m_network;
    std::shared_ptr<const RunResult> m_flows;
    std::uint64_t m_quantizers = 1; ///< numbers the networks whose quantizers differ
    std::vector<std::string> m_layers;
    std::vector<Selected> m_selected; ///< the same
    Slot m_slot = Slot::Weight;
    std::map<SlotName, Entry> m_entries;
    std::size_t m_complete = 0; ///< as many of the first selected layers lack nothing
    std::size_t m_missing = 0; ///< results over all selected layers
    std::vector<Column> m_columns; ///< with those that were removed
    std::vector<CandidateText> m_added;
    std::deque<CandidateText> m_checking;
    std::set<std::string> m_removed;
    std::string m_problem;
    std::uint64_t m_revision = 1;
    Task<SlotComparison> m_task;
};

} // namespace quantscope
