#include "session/lab_store.h"

#include "items/text.h"
#include "network/layer_index.h"
#include "run/activation_compare.h"

#include <algorithm>

namespace quantscope {

// A batch is long enough to use all cores and short enough that the first columns come soon.
static constexpr std::uint64_t kBatchElements = 4'000'000;
static constexpr std::size_t kSmallestBatch = 2;

static bool comparable(const SlotQuantizer *slot)
{
    if (slot && presetSlot(slot->slot) == Slot::Act)
        return !slot->tensor && slot->quantizer && slot->quantizer->isComplete();
    return slot && slot->tensor && slot->tensor->readable() && slot->tensor->count() > 0
        && (!slot->holdsCodes() || (slot->quantizer && slot->quantizer->isComplete()));
}

void LabStore::select(std::shared_ptr<const Network> network, const QStringList &layers, Slot slot)
{
    if (!network || !m_network || network->file != m_network->file)
        m_entries.clear();
    std::vector<std::string> names;
    std::vector<Selected> selected;
    if (network)
        for (const LayerIndex index(*network); const QString &name : layers) {
            const Layer *layer = index.find(str(name));
            const SlotQuantizer *found = layer ? layer->slot(slot) : nullptr;
            if (!comparable(found))
                continue;
            names.push_back(layer->name);
            selected.push_back({layer->id, found});
        }
    if (network == m_network && names == m_layers && slot == m_slot)
        return;
    if (network && m_network && network != m_network && quantizersDiffer(*network, *m_network))
        ++m_quantizers;
    m_task.cancel();
    m_network = std::move(network);
    m_layers = std::move(names);
    m_selected = std::move(selected);
    m_slot = slot;
    m_problem.clear();
    findEntries();
    arrange();
    next();
    notify();
}

void LabStore::setFlows(std::shared_ptr<const RunResult> flows)
{
    if (flows == m_flows)
        return;
    m_flows = std::move(flows);
    if (!isActivation())
        return;
    m_task.cancel();
    std::erase_if(m_entries, [](const auto &entry) { return presetSlot(entry.first.second) == Slot::Act; });
    findEntries();
    arrange();
    next();
    notify();
}

void LabStore::notify()
{
    ++m_revision;
    Q_EMIT changed();
}

std::uint64_t LabStore::elements() const
{
    std::uint64_t count = 0;
    for (const Selected &one : m_selected)
        if (one.slot->tensor)
            count += one.slot->tensor->count();
        else if (const LayerFlow *flow = m_flows ? m_flows->at(one.layer, m_slot) : nullptr)
            count += flow->figures.seen.count;
    return count;
}

/// Forgets what does not hold any more.
void LabStore::findEntries()
{
    if (m_selected.empty())
        return;
    const LabBases bases(*m_network);
    for (std::size_t at = 0; at < m_selected.size(); ++at) {
        m_selected[at].entry = &m_entries[{m_layers[at], m_slot}];
        update(*m_selected[at].entry, *m_selected[at].slot, *bases.of(m_layers[at], m_slot, m_quantizers));
    }
}

void LabStore::update(Entry &entry, const SlotQuantizer &slot, LabBasis basis) const
{
    if (entry.basis != basis || entry.offered.empty()) {
        entry = {};
        entry.basis = std::move(basis);
        // Stays under edits, so that columns do not jump when one is applied.
        entry.offered = isActivation()
            ? offeredActivations(slot, !traitsOf(m_network->dialect).saysItself, m_flows != nullptr)
            : offeredCandidates(slot, versionOf(m_network->recipe));
        for (std::size_t i = 0; i < entry.offered.size(); ++i)
            entry.offers.emplace(offerName(slot, entry.offered[i]), i);
    } else if (entry.file && entry.file->quantizer != slot.quantizer) {
        entry.file.reset();
    }
}

/// Offered is what every layer is offered, whatever its width.
void LabStore::arrange()
{
    m_columns.clear();
    const Entry *first = m_selected.empty() ? nullptr : m_selected.front().entry;
    std::map<std::size_t, std::string> offers; ///< in the first layer's order
    for (const auto &[offer, at] : first ? first->offers : decltype(Entry::offers)())
        offers.emplace(at, offer);
    for (const auto &[at, offer] : offers) {
        Column column{first->offered[at].text, {}};
        for (const Selected &one : m_selected)
            if (const auto found = one.entry->offers.find(offer); found != one.entry->offers.end())
                column.texts.push_back(one.entry->offered[found->second]);
        if (std::ranges::any_of(column.texts, [&](const CandidateText &text) { return text.text != column.name; }))
            column.name = offer + ", own width";
        if (column.texts.size() == m_layers.size())
            m_columns.push_back(std::move(column));
    }
    for (const CandidateText &candidate : m_added)
        if (first && !column(candidate.text))
            m_columns.push_back({candidate.text, std::vector<CandidateText>(m_layers.size(), candidate)});
    countMissing();
}

const LabStore::Column *LabStore::column(const std::string &name) const
{
    const auto found = std::ranges::find(m_columns, name, &Column::name);
    return found == m_columns.end() ? nullptr : &*found;
}

std::string LabStore::nameOf(const std::vector<std::string> &texts) const
{
    const auto found = std::ranges::find_if(m_columns,
        [&](const Column &column) { return std::ranges::equal(column.texts, texts, {}, &CandidateText::text); });
    return found == m_columns.end() || texts.empty() ? std::string() : found->name;
}

std::size_t LabStore::wanted() const
{
    return static_cast<std::size_t>(
        std::ranges::count_if(m_columns, [this](const Column &column) { return !m_removed.contains(column.name); }));
}

std::vector<CandidateText> LabStore::missing(std::size_t layer) const
{
    const Entry &known = *m_selected[layer].entry;
    std::vector<CandidateText> all;
    for (const Column &column : m_columns)
        if (const CandidateText &candidate = column.texts[layer]; !m_removed.contains(column.name)
            && !known.results.contains(candidate.text) && !known.unavailable.contains(candidate.text))
            all.push_back(candidate);
    return all;
}

/// Before the first layer that lacks something nothing is looked at again: there may be thousands.
void LabStore::countMissing()
{
    m_complete = 0;
    m_missing = 0;
    for (std::size_t at = 0; at < m_selected.size(); ++at)
        m_missing += missing(at).size();
}

void LabStore::next()
{
    if (m_task.running() || m_layers.empty())
        return;
    if (!m_checking.empty())
        return check(m_checking.front());
    for (; m_complete < m_selected.size(); ++m_complete) {
        const Selected &one = m_selected[m_complete];
        std::vector<CandidateText> batch = missing(m_complete);
        if (batch.empty() && one.entry->file)
            continue;
        const std::uint64_t count = one.slot->tensor ? one.slot->tensor->count() : 0;
        const auto most = std::max<std::size_t>(
            kSmallestBatch, static_cast<std::size_t>(kBatchElements / std::max<std::uint64_t>(1, count)));
        if (batch.size() > most)
            batch.resize(most);
        return run(m_complete, std::move(batch));
    }
}

/// Of an activation what can be known before it runs.
static Result<SlotComparison> compareSlot(const Network &network, const std::string &layer,
    const std::vector<CandidateText> &candidates, const CompareOptions &options, const RunResult *flows,
    const Progress &progress)
{
    if (presetSlot(options.slot) == Slot::Act) {
        const LayerId id = network.layer(layer)->id;
        const LayerFlow *seen = flows ? flows->at(id, options.slot) : nullptr;
        return activationCandidates(network, {id, options.slot}, candidates, seen, options.skipUnavailable);
    }
    auto all = compareCandidates(network, {layer}, candidates, options, progress);
    if (!all)
        return tl::unexpected(all.error());
    return std::move(all->front());
}

void LabStore::run(std::size_t at, std::vector<CandidateText> batch)
{
    m_task.start(
        [network = m_network, layer = m_layers[at], slot = m_slot, batch, flows = m_flows](const Progress &progress) {
            return compareSlot(
                *network, layer, batch, {.slot = slot, .hash = false, .skipUnavailable = true}, flows.get(), progress);
        },
        [this, at, batch](Result<SlotComparison> comparison) { // of what is selected: selecting others cancels it
            if (comparison) {
                store(at, batch, *comparison);
                next();
            } else {
                m_problem = comparison.error().message;
            }
            notify();
        });
}

void LabStore::store(std::size_t at, const std::vector<CandidateText> &batch, const SlotComparison &comparison)
{
    const std::size_t before = missing(at).size();
    Entry &entry = *m_selected[at].entry;
    entry.file = *m_selected[at].slot;
    entry.againstQuantized = comparison.againstQuantized;
    for (const CandidateResult &result : comparison.candidates)
        entry.results[result.name] = std::make_shared<const CandidateResult>(result);
    for (const CandidateText &candidate : batch)
        if (!entry.results.contains(candidate.text))
            entry.unavailable.insert(candidate.text);
    m_missing -= before - missing(at).size();
}

void LabStore::add(const CandidateText &candidate)
{
    if (m_layers.empty())
        return;
    m_removed.erase(candidate.text);
    const auto known = named();
    if (std::ranges::any_of(known, [&](const auto &all) { return all.first == candidate.text; })) {
        notify();
        return;
    }
    m_checking.push_back(candidate);
    next();
}

/// A candidate that somebody typed is tried on the first layer alone: there its reason can be told.
void LabStore::check(const CandidateText &candidate)
{
    m_task.start(
        [network = m_network, layer = m_layers.front(), slot = m_slot, candidate, flows = m_flows](
            const Progress &progress) {
            return compareSlot(*network, layer, {candidate}, {.slot = slot}, flows.get(), progress);
        },
        [this, candidate](Result<SlotComparison> comparison) {
            m_checking.pop_front();
            if (comparison) {
                std::erase_if(m_added, [&](const CandidateText &other) { return other.text == candidate.text; });
                m_added.push_back(candidate);
                m_selected.front().entry->unavailable.erase(candidate.text);
                arrange();
                store(0, {candidate}, *comparison);
            } else {
                Q_EMIT refused(qs(candidate.text), qs(comparison.error().message));
            }
            next();
            notify();
        });
}

void LabStore::remove(const std::string &candidate)
{
    if (candidate == "file")
        return;
    m_removed.insert(candidate);
    countMissing();
    notify();
}

void LabStore::restore()
{
    m_removed.clear();
    countMissing();
    next();
    notify();
}

std::vector<LabStore::Results> LabStore::results() const
{
    std::vector<Results> all;
    for (auto &[name, results] : named())
        all.push_back(std::move(results));
    return all;
}

std::vector<std::pair<std::string, LabStore::Results>> LabStore::named() const
{
    std::vector<std::pair<std::string, Results>> out;
    const auto resultsOf = [this](auto textOf) {
        Results results;
        for (std::size_t at = 0; at < m_selected.size(); ++at) {
            const auto &known = m_selected[at].entry->results;
            const auto found = known.find(textOf(at));
            if (found == known.end())
                break;
            results.push_back(found->second);
        }
        return results;
    };
    Results file = resultsOf([](std::size_t) { return std::string("file"); });
    if (m_layers.empty() || file.size() < m_layers.size())
        return out; // every difference is against it
    out.emplace_back("file", std::move(file));
    for (const Column &column : m_columns) {
        if (m_removed.contains(column.name))
            continue;
        Results results = resultsOf([&](std::size_t at) { return column.texts[at].text; });
        if (results.size() == m_layers.size())
            out.emplace_back(column.name, std::move(results));
    }
    return out;
}

std::vector<Proposal> LabStore::proposals(const std::string &candidate) const
{
    std::vector<Proposal> proposals;
    if (const Column *known = column(candidate))
        for (std::size_t at = 0; at < m_layers.size(); ++at) {
            CandidateText text = known->texts[at];
            const auto &results = m_selected[at].entry->results;
            if (const auto made = results.find(text.text); // of activations with its threshold
                made != results.end() && !made->second->settings.preset.empty())
                text.settings = made->second->settings;
            proposals.push_back(Proposal::of(m_layers[at], m_slot, text));
        }
    return proposals;
}

std::vector<SlotChoice> LabStore::choices(const std::string &candidate) const
{
    std::vector<SlotChoice> choices;
    for (const Proposal &proposal : proposals(candidate))
        choices.push_back(proposal.choice);
    return choices;
}

std::shared_ptr<const CandidateResult> LabStore::result(const std::string &candidate) const
{
    const Entry *known = m_selected.empty() ? nullptr : m_selected.front().entry;
    if (!known)
        return nullptr;
    const Column *own = column(candidate);
    const auto found = known->results.find(own ? own->texts.front().text : candidate);
    return found == known->results.end() ? nullptr : found->second;
}

bool LabStore::againstQuantized() const
{
    return std::ranges::any_of(m_selected, [](const Selected &one) { return one.entry->againstQuantized; });
}

LabStore::Count LabStore::count() const
{
    const std::size_t total = wanted() * m_layers.size();
    return {total - m_missing, total};
}

void LabStore::cancel()
{
    m_task.cancel();
    m_checking.clear();
    notify();
}

} // namespace quantscope
