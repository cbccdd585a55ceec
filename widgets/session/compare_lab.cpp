#include "session/compare_lab.h"

#include "dialects/brevitas/recipe_writer.h"
#include "items/text.h"
#include "session/session.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

// A batch is long enough to use all cores and short enough that the first columns come soon.
static constexpr std::uint64_t kBatchElements = 4'000'000;
static constexpr std::size_t kSmallestBatch = 2;

static const SlotQuantizer *slotOf(const Network &network, const std::string &layer, Slot slot)
{
    const Layer *found = network.layer(layer);
    return found ? found->slot(slot) : nullptr;
}

static bool comparable(const SlotQuantizer *slot)
{
    return slot && slot->tensor && slot->tensor->readable() && slot->tensor->count() > 0
        && (isFloating(slot->tensor->dtype) || (slot->quantizer && slot->quantizer->isComplete()));
}

/// Candidates for weights depend on the file, on the Brevitas version and on what the recipe says about layers, but not
/// on the quantizers that are in force: an edit leaves them as they are. Those for a bias follow other quantizers.
static std::string basisOf(const Network &network, Slot slot)
{
    return network.recipe.brevitas.value_or(std::string()) + "\n" + network.recipe.path + "\n" + network.recipe.sha256
        + (slot == Slot::Weight ? std::string() : "\n" + recipeToml(network));
}

void CompareLab::select(std::shared_ptr<const Network> network, const QStringList &layers, Slot slot)
{
    if (!network || network->file != m_file) {
        m_entries.clear();
        m_file = network ? network->file : nullptr;
    }
    std::vector<std::string> names;
    if (network)
        for (const QString &name : layers)
            if (comparable(slotOf(*network, str(name), slot)))
                names.push_back(str(name));
    if (network == m_network && names == m_layers && slot == m_slot)
        return;
    m_task.cancel();
    m_network = std::move(network);
    m_layers = std::move(names);
    m_slot = slot;
    m_problem.clear();
    next();
    notify();
}

void CompareLab::notify()
{
    ++m_revision;
    Q_EMIT changed();
}

std::uint64_t CompareLab::elements() const
{
    std::uint64_t count = 0;
    for (const std::string &layer : m_layers)
        count += slotOf(*m_network, layer, m_slot)->tensor->count();
    return count;
}

const CompareLab::Entry *CompareLab::entry(const std::string &layer) const
{
    const auto found = m_entries.find({layer, m_slot});
    return found == m_entries.end() ? nullptr : &found->second;
}

CompareLab::Entry &CompareLab::entryOf(const std::string &layer)
{
    Entry &entry = m_entries[{layer, m_slot}];
    const std::string basis = basisOf(*m_network, m_slot);
    if (entry.basis != basis || entry.offered.empty()) {
        entry.basis = basis;
        // Stays under edits, so that columns do not jump when one is applied.
        entry.offered = offeredCandidates(*slotOf(*m_network, layer, m_slot), versionOf(m_network->recipe));
        entry.results.clear();
        entry.unavailable.clear();
    }
    return entry;
}

std::vector<CandidateText> CompareLab::wanted(const Entry &entry) const
{
    // Several layers are compared under the same texts: those of the first.
    const Entry *first = this->entry(m_layers.front());
    std::vector<CandidateText> all = first ? first->offered : entry.offered;
    for (const CandidateText &candidate : m_added)
        if (std::none_of(
                all.begin(), all.end(), [&](const CandidateText &other) { return other.text == candidate.text; }))
            all.push_back(candidate);
    std::erase_if(all, [this](const CandidateText &candidate) { return m_removed.contains(candidate.text); });
    return all;
}

std::vector<CandidateText> CompareLab::missing(const Entry &entry) const
{
    std::vector<CandidateText> all = wanted(entry);
    std::erase_if(all, [&](const CandidateText &candidate) {
        return entry.results.contains(candidate.text) || entry.unavailable.contains(candidate.text);
    });
    return all;
}

void CompareLab::next()
{
    if (m_task.running() || m_layers.empty())
        return;
    if (!m_checking.empty())
        return check(m_checking.front());
    for (const std::string &layer : m_layers) {
        Entry &entry = entryOf(layer);
        std::vector<CandidateText> batch = missing(entry);
        if (batch.empty() && entry.fileFrom == m_network)
            continue;
        const std::uint64_t count = slotOf(*m_network, layer, m_slot)->tensor->count();
        const auto most = std::max<std::size_t>(
            kSmallestBatch, static_cast<std::size_t>(kBatchElements / std::max<std::uint64_t>(1, count)));
        if (batch.size() > most)
            batch.resize(most);
        return run(layer, std::move(batch));
    }
}

void CompareLab::run(const std::string &layer, std::vector<CandidateText> batch)
{
    m_task.start(
        [network = m_network, layer, slot = m_slot, batch](const Progress &progress) -> Result<SlotComparison> {
            auto all = compareCandidates(
                *network, {layer}, batch, {.slot = slot, .hash = false, .skipUnavailable = true}, progress);
            if (!all)
                return tl::unexpected(all.error());
            return std::move(all->front());
        },
        [this, layer, batch](Result<SlotComparison> comparison) {
            if (comparison) {
                store(layer, batch, *comparison);
                next();
            } else {
                m_problem = qs(comparison.error().message);
            }
            notify();
        });
}

void CompareLab::store(
    const std::string &layer, const std::vector<CandidateText> &batch, const SlotComparison &comparison)
{
    Entry &entry = entryOf(layer);
    entry.fileFrom = m_network;
    entry.againstQuantized = comparison.againstQuantized;
    for (const CandidateResult &result : comparison.candidates)
        entry.results[result.name] = std::make_shared<const CandidateResult>(result);
    for (const CandidateText &candidate : batch)
        if (!entry.results.contains(candidate.text))
            entry.unavailable.insert(candidate.text);
}

QString CompareLab::add(const QString &text)
{
    const std::string wished = str(text.simplified().remove(u' '));
    const auto parsed = parseCandidate(wished);
    if (!parsed)
        return qs(parsed.error().message);
    if (m_layers.empty())
        return tr("no layer with float weights is selected");
    m_removed.erase(wished);
    const std::vector<CompareColumn> known = columns();
    if (std::any_of(known.begin(), known.end(), [&](const CompareColumn &column) { return column.name == wished; })) {
        notify();
        return {};
    }
    m_checking.push_back(*parsed);
    next();
    return {};
}

/// A candidate that somebody typed is tried on the first layer alone: there its reason can be told.
void CompareLab::check(const CandidateText &candidate)
{
    m_task.start(
        [network = m_network, layer = m_layers.front(), slot = m_slot, candidate](
            const Progress &progress) -> Result<SlotComparison> {
            auto all = compareCandidates(*network, {layer}, {candidate}, {.slot = slot}, progress);
            if (!all)
                return tl::unexpected(all.error());
            return std::move(all->front());
        },
        [this, layer = m_layers.front(), candidate](Result<SlotComparison> comparison) {
            m_checking.pop_front();
            if (comparison) {
                std::erase_if(m_added, [&](const CandidateText &other) { return other.text == candidate.text; });
                m_added.push_back(candidate);
                entryOf(layer).unavailable.erase(candidate.text);
                store(layer, {candidate}, *comparison);
            } else {
                Q_EMIT refused(qs(candidate.text), qs(comparison.error().message));
            }
            next();
            notify();
        });
}

void CompareLab::remove(const std::string &candidate)
{
    if (candidate == "file")
        return;
    m_removed.insert(candidate);
    notify();
}

void CompareLab::restore()
{
    m_removed.clear();
    next();
    notify();
}

std::vector<CompareColumn> CompareLab::columns() const
{
    std::vector<CompareColumn> out;
    if (m_layers.empty() || !entry(m_layers.front()))
        return out;
    std::vector<std::string> names{"file"};
    for (const CandidateText &candidate : wanted(*entry(m_layers.front())))
        names.push_back(candidate.text);
    for (const std::string &name : names) {
        std::vector<const CandidateResult *> results;
        for (const std::string &layer : m_layers)
            if (const Entry *known = entry(layer))
                if (const auto found = known->results.find(name); found != known->results.end())
                    results.push_back(found->second.get());
        if (results.size() == m_layers.size())
            out.push_back(compareColumn(results));
        else if (name == "file")
            return {}; // every difference is against it
    }
    return out;
}

std::shared_ptr<const CandidateResult> CompareLab::result(const std::string &candidate) const
{
    const Entry *known = m_layers.empty() ? nullptr : entry(m_layers.front());
    if (!known)
        return nullptr;
    const auto found = known->results.find(candidate);
    return found == known->results.end() ? nullptr : found->second;
}

bool CompareLab::againstQuantized() const
{
    return std::any_of(m_layers.begin(), m_layers.end(),
        [this](const std::string &layer) { return entry(layer) && entry(layer)->againstQuantized; });
}

QString CompareLab::progressText() const
{
    if (idle() || m_layers.empty())
        return {};
    std::size_t done = 0;
    std::size_t total = 0;
    for (const std::string &layer : m_layers) {
        const Entry *known = entry(layer);
        const std::size_t all = known ? wanted(*known).size() : 0;
        total += all;
        done += known ? all - missing(*known).size() : 0;
    }
    return tr("%1 of %2 candidates").arg(done).arg(std::max(total, done));
}

void CompareLab::cancel()
{
    m_task.cancel();
    m_checking.clear();
    notify();
}

QString applyProblem(const Session &session, const SlotRef &slot)
{
    if (session.state() != Session::State::Ready || !slot)
        return QObject::tr("The quantizers are not known yet.");
    if (!session.presetsApply())
        return QObject::tr("This file says its quantizers itself (%1): a recipe cannot change them. Open the "
                           "state_dict to choose others.")
            .arg(qs(traitsOf(slot.network->dialect).name));
    if (!slot.slot->tensor || !isFloating(slot.slot->tensor->dtype))
        return QObject::tr(
            "The file holds only quantized values here: there are no float weights to quantize differently.");
    return {};
}

} // namespace quantscope
