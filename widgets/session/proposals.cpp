#include "session/proposals.h"

#include "dialects/brevitas/settings.h"
#include "items/text.h"
#include "network/layer_index.h"
#include "recipe/entry_index.h"
#include "session/apply_problem.h"
#include "session/proposals_command.h"
#include "session/session.h"

#include <QFileInfo>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

using namespace Qt::StringLiterals;

namespace quantscope {

static SlotRef slotIn(
    const std::shared_ptr<const Network> &network, const LayerIndex &index, const std::string &layer, Slot slot)
{
    const Layer *found = index.find(layer);
    return {network, found, found ? found->slot(slot) : nullptr};
}

static constexpr int kDelay = 60; // ms: a drag passes several types

Proposals::Proposals(Session &session)
    : m_session(session)
{
    m_delay.setSingleShot(true);
    m_delay.setInterval(kDelay);
    connect(&m_delay, &QTimer::timeout, this, &Proposals::compute);
    connect(&session, &Session::networkChanged, this, &Proposals::onNetwork);
    connect(&session, &Session::diagnosticsChanged, this, &Proposals::onStatistics);
}

QString Proposals::modelKey() const
{
    const QStringList parts = m_session.parts();
    return m_session.path() + u'\n' + parts.value(m_session.shownPart());
}

Proposals::Entries Proposals::entriesOf(const std::vector<Proposal> &proposals)
{
    Entries entries;
    for (const Proposal &proposal : proposals)
        entries[{proposal.choice.layer, proposal.choice.slot}].proposal = proposal;
    return entries;
}

/// Those that a recipe can choose for.
std::vector<Proposal> Proposals::possible(const std::vector<Proposal> &proposals) const
{
    std::vector<Proposal> taken;
    const auto network = m_session.network();
    if (!network)
        return taken;
    const LayerIndex index(*network);
    std::ranges::copy_if(proposals, std::back_inserter(taken), [&](const Proposal &proposal) {
        const SlotRef slot = slotIn(network, index, proposal.choice.layer, proposal.choice.slot);
        return !proposal.choice.preset.empty() && quantscope::applyProblem(m_session, slot).isEmpty();
    });
    return taken;
}

void Proposals::propose(const std::vector<Proposal> &proposals)
{
    std::vector<Proposal> taken = possible(proposals);
    std::erase_if(taken, [this](const Proposal &proposal) {
        const Proposal *had = of(proposal.choice.layer, proposal.choice.slot);
        return had && *had == proposal;
    });
    if (!taken.empty())
        put(entriesOf(taken));
}

void Proposals::proposeAll(const std::vector<Proposal> &proposals, const QString &undoText)
{
    const Entries after = entriesOf(possible(proposals));
    if (!after.empty())
        m_session.undoStack().push(new Command(*this, now(after), after, undoText));
}

void Proposals::withdraw(const std::vector<std::string> &layers, Slot slot)
{
    std::size_t gone = 0;
    for (const std::string &layer : layers)
        gone += m_all.erase({layer, slot});
    if (gone > 0)
        changedByHand();
}

const Proposal *Proposals::of(const std::string &layer, Slot slot) const
{
    const auto found = m_all.find({layer, slot});
    return found == m_all.end() ? nullptr : &found->second.proposal;
}

std::vector<Proposal> Proposals::all() const
{
    std::vector<Proposal> ordered;
    if (const auto network = m_session.network())
        for (const Layer &layer : network->layers)
            for (const SlotQuantizer &slot : layer.slots)
                if (const Proposal *proposal = of(layer.name, slot.slot))
                    ordered.push_back(*proposal);
    return ordered;
}

std::size_t Proposals::countIn(const std::vector<std::string> &layers) const
{
    const std::set<std::string_view> among(layers.begin(), layers.end());
    return static_cast<std::size_t>(
        std::ranges::count_if(m_all, [&](const auto &entry) { return among.contains(entry.first.first); }));
}

/// What is proposed for these slots now.
Proposals::Entries Proposals::now(const Entries &slotsOf) const
{
    Entries entries;
    for (const auto &[name, entry] : slotsOf)
        if (const auto found = m_all.find(name); found != m_all.end())
            entries.emplace(name, found->second);
    return entries;
}

void Proposals::put(const Entries &entries)
{
    for (const auto &[name, entry] : entries)
        m_all.insert_or_assign(name, entry);
    if (!entries.empty())
        changedByHand();
}

void Proposals::take(const Entries &entries)
{
    for (const auto &[name, entry] : entries)
        m_all.erase(name);
    if (!entries.empty())
        changedByHand();
}

void Proposals::changedByHand()
{
    m_model = modelKey();
    m_dropped.clear();
    schedule();
}

void Proposals::schedule()
{
    m_task.cancel();
    m_current = false;
    m_problem.clear();
    if (m_all.empty())
        m_delay.stop();
    else
        m_delay.start();
    Q_EMIT changed();
}

void Proposals::applyAll()
{
    if (!applyProblem().isEmpty())
        return;
    const Entries applied = m_all;
    const std::vector<SlotChoice> choices = allChoices();
    m_session.applyChoices(choices, tr("apply %1").arg(countText(choices.size(), tr("proposal"))),
        [this, applied](bool done) { done ? take(applied) : put(applied); });
}

void Proposals::discardAll()
{
    if (!m_all.empty())
        m_session.undoStack().push(
            new Command(*this, m_all, {}, tr("discard %1").arg(countText(m_all.size(), tr("proposal")))));
}

std::vector<SlotChoice> Proposals::allChoices() const
{
    std::vector<SlotChoice> choices;
    for (const Proposal &proposal : all())
        choices.push_back(proposal.choice);
    return choices;
}

/// What is applied is what was shown: an edit of the recipe gives another network, and that begins anew.
QString Proposals::applyProblem() const
{
    if (m_all.empty())
        return tr("Nothing is proposed.");
    if (!m_problem.isEmpty())
        return m_problem;
    const bool known = proposed() && m_session.state() == Session::State::Ready && !m_session.recovering()
        && m_ofNetwork == m_session.network();
    return known ? QString() : tr("What the proposals do together is being computed.");
}

std::map<std::string, GivenCell> Proposals::cells() const
{
    const ProposedNetwork *known = proposed();
    return m_all.empty() ? std::map<std::string, GivenCell>()
                         : proposedCells(m_session.inspection(), known ? &known->inspection : nullptr,
                             known ? known->changed : std::vector<SlotId>(), all());
}

void Proposals::forgetDropped()
{
    m_dropped.clear();
    Q_EMIT changed();
}

void Proposals::onSaved(const QString &path)
{
    if (m_all.empty())
        return;
    const QString what = tr("%1 is saved. %2 not part of it; Apply all puts %3 in");
    const QString are = countText(m_all.size(), tr("proposal")) + (m_all.size() == 1 ? tr(" is") : tr(" are"));
    Q_EMIT leftOut(what.arg(shownText(QFileInfo(path).fileName()), are, m_all.size() == 1 ? tr("it") : tr("them")));
}

void Proposals::sayWent(std::size_t count, const QString &path)
{
    if (count == 0)
        return;
    const QString said = tr("%1 for %2 went with it: proposals are no edits of its recipe")
                             .arg(countText(count, tr("proposal")), shownText(QFileInfo(path).fileName()));
    m_dropped += m_dropped.isEmpty() ? said : u'\n' + said;
    Q_EMIT changed();
    Q_EMIT droppedSome(said);
}

/// They belong to the model that they were made for.
void Proposals::leaveModel()
{
    const QString path = m_model.section(u'\n', 0, 0);
    const std::size_t count = m_all.size();
    begin({});
    sayWent(count, path);
}

void Proposals::leaveSecond(const QString &path) { sayWent(std::exchange(m_ofSecond, {}).size(), path); }

void Proposals::changePlaces() { begin(std::exchange(m_ofSecond, m_all)); }

/// With what is proposed for the model that is shown now.
void Proposals::begin(Entries entries)
{
    m_all = std::move(entries);
    m_model = m_all.empty() ? QString() : modelKey();
    m_known.reset();
    m_ofNetwork.reset();
    m_dropped.clear();
    schedule();
}

/// Which proposals are nothing for what is in force now, and why; without a word of those that are in force.
Proposals::Misfits Proposals::misfits() const
{
    Misfits out;
    const auto network = m_session.network();
    const LayerIndex index(*network);
    const Recipe &recipe = m_session.recipe();
    const EntryIndex entries(recipe.quantizers);
    for (const auto &[name, entry] : m_all) {
        const SlotChoice &choice = entry.proposal.choice;
        const SlotSettings said = settingsFor(recipe, entries.mayReach(name.first), name.first, name.second, true);
        const SlotRef slot = slotIn(network, index, choice.layer, choice.slot);
        if (said.presetEntry > 0 && said.preset == choice.preset && said.overrides == choice.overrides)
            out.emplace_back(name, QString());
        else if (!slot)
            out.emplace_back(name, tr("the model no longer has it"));
        else if (const QString why = quantscope::applyProblem(m_session, slot); !why.isEmpty())
            out.emplace_back(name, why);
    }
    return out;
}

void Proposals::onNetwork()
{
    if (m_model.isEmpty() || m_session.second().takesItsPlace())
        return;
    if (m_model != modelKey())
        return leaveModel();
    if (m_known && m_known->inspection.network->file != m_session.network()->file)
        m_known.reset();
    if (m_session.state() != Session::State::Ready)
        return schedule(); // it is read again
    drop(misfits());
    schedule();
}

/// Figures of what is in force have come, which the network under the proposals shares.
void Proposals::onStatistics()
{
    if (m_current && !m_known->totals.complete)
        schedule();
    else if (!m_all.empty())
        Q_EMIT changed();
}

void Proposals::compute()
{
    if (m_all.empty() || m_session.state() != Session::State::Ready || !m_session.opened() || m_session.recovering())
        return; // the network that comes begins it again
    m_ofNetwork = m_session.network();
    m_task.start(
        [opened = *m_session.opened(), inForce = m_session.inspection(), recipe = m_session.recipe(),
            choices = allChoices(), previous = m_known](const Progress &progress) {
            return proposeNetwork(opened, inForce, recipe, choices, previous.get(), progress);
        },
        [this](Result<std::shared_ptr<const ProposedNetwork>> known) {
            if (known)
                return takeComputed(std::move(*known));
            m_problem = shownText(known.error().text());
            Q_EMIT changed();
        });
}

void Proposals::takeComputed(std::shared_ptr<const ProposedNetwork> known)
{
    m_known = std::move(known);
    Misfits unfit;
    const LayerIndex index(*m_known->inspection.network);
    for (auto &[name, entry] : m_all)
        if (const QString why = fittingProblem(entry, *m_known, index.find(name.first)); !why.isEmpty())
            unfit.emplace_back(name, why);
    if (!unfit.empty()) {
        drop(unfit);
        return schedule();
    }
    m_current = true;
    Q_EMIT changed();
}

/// The floats are those that it was made for, and the quantizer can be had.
QString Proposals::fittingProblem(Entry &entry, const ProposedNetwork &known, const Layer *layer) const
{
    const SlotChoice &choice = entry.proposal.choice;
    if (!layer || !layer->slot(choice.slot))
        return tr("the model no longer has it");
    const SlotId id{layer->id, choice.slot};
    if (const auto problem = known.problems.find(id); problem != known.problems.end())
        return shownText(problem->second);
    const SlotStatistics *figures = known.inspection.of(id);
    if (!figures)
        return {}; // it is as it was, and its figures are still to come
    const Floats floats{figures->count, figures->low, figures->high, figures->error.signalPower};
    const bool same = !entry.floats || *entry.floats == floats || std::isnan(floats.power + entry.floats->power);
    entry.floats = floats;
    return same ? QString() : tr("its float weights have changed");
}

void Proposals::drop(const Misfits &misfits)
{
    QStringList said;
    for (const auto &[name, why] : misfits) {
        const Proposal proposal = m_all.at(name).proposal;
        m_all.erase(name);
        if (!why.isEmpty())
            said << tr("%1 %2: %3 is dropped, %4")
                        .arg(shownText(name.first), qs(name.second), qs(proposal.candidate), why);
    }
    if (said.isEmpty())
        return;
    m_dropped = said.join(u'\n');
    Q_EMIT droppedSome(said.size() == 1
            ? said.first()
            : tr("%1 do not fit any more").arg(countText(static_cast<std::size_t>(said.size()), tr("proposal"))));
}

} // namespace quantscope
