#include "session/effect_store.h"

#include "recipe/recipe_toml.h"
#include "session/run_store.h"
#include "session/session.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace quantscope {

static constexpr std::size_t kKeptBases = 4; // an edit, and what undo and redo go back and forth between

EffectStore::EffectStore(Session &session)
    : m_session(session)
{
    connect(&session, &Session::networkChanged, this, &EffectStore::onBasis);
    connect(&session, &Session::changedOnDiskChanged, this, &EffectStore::onBasis);
    connect(&session.runs(), &RunStore::dataChanged, this, &EffectStore::onBasis);
    connect(&session.runs(), &RunStore::resultChanged, this, &EffectStore::onBasis);
    onBasis();
}

EffectStore::~EffectStore() = default; // what it posted ends with it

bool EffectStore::hasData() const { return m_basis.has_value(); }

/// The recipe goes along as text, so that what is open in the helper is what is shown, saved or not.
std::optional<EffectStore::Basis> EffectStore::basisNow() const
{
    if (!m_session.runs().canRun() || !m_session.network())
        return std::nullopt;
    Basis out;
    const RunRequest request = m_session.runs().request();
    out.model = request.model;
    out.model.recipe.reset();
    out.model.recipeText = recipeText(m_session.recipe());
    out.data = request.data;
    out.file = m_session.network()->file;
    return out;
}

RunRequest EffectStore::requestOf(const Basis &basis) const
{
    RunRequest out;
    out.model = basis.model;
    out.data = basis.data;
    return out;
}

void EffectStore::takeRan(const std::optional<Basis> &now)
{
    if (now && m_session.runs().result())
        m_ran.emplace(now->data, now->file);
}

void EffectStore::ask()
{
    const auto now = basisNow();
    if (!now || m_session.changedOnDisk() || m_session.runs().running())
        return;
    const std::pair of(now->data, now->file);
    if (m_ran == of || m_askedFor == of || findRunProgram().empty())
        return;
    m_stopped = false;
    m_askedFor = of;
    m_session.runs().run();
}

bool EffectStore::awaitsRun() const { return m_askedFor && m_askedFor != m_ran && m_session.runs().running(); }

void EffectStore::onBasis()
{
    auto now = basisNow();
    takeRan(now);
    if (std::exchange(m_awaited, awaitsRun()) != m_awaited)
        notify();
    if (now && m_ran != std::pair(now->data, now->file))
        now.reset();
    if (now == m_basis && !m_session.changedOnDisk())
        return next();
    m_session.runs().queue().cancel(this);
    m_problem.clear();
    if (!now || !m_basis || now->file != m_basis->file || now->data != m_basis->data) {
        m_known.clear(); // the same names may mean other bytes
        m_stopped = false;
    }
    m_basis = std::move(now);
    next();
    notify();
}

EffectStore::Known *EffectStore::known()
{
    const auto found = std::ranges::find_if(m_known, [this](const Known &k) { return m_basis == k.basis; });
    return found == m_known.end() ? nullptr : &*found;
}

const EffectStore::Known *EffectStore::known() const { return const_cast<EffectStore *>(this)->known(); }

void EffectStore::notify()
{
    ++m_revision;
    Q_EMIT changed();
}

void EffectStore::want(std::vector<Wanted> candidates, std::vector<SlotId> flows)
{
    if (candidates == m_wanted && flows == m_flows)
        return;
    const bool others = flows != m_flows;
    m_wanted = std::move(candidates);
    m_flows = std::move(flows);
    if (others) // what runs now does not tell of these slots
        m_session.runs().queue().cancel(this);
    next();
    notify();
}

static std::string keyOf(const std::vector<std::string> &choices, const std::vector<SlotId> &flows)
{
    std::string out = fmt::format("{}", fmt::join(choices, "\n"));
    for (const SlotId &slot : flows)
        out += fmt::format("\n{}:{}", position(slot.layer), slotName(slot.slot));
    return out;
}

void EffectStore::next()
{
    if (!m_basis || m_stopped || !m_problem.empty() || m_wanted.empty() || m_session.runs().queue().busy(this))
        return;
    if (m_session.changedOnDisk()) {
        m_problem = "the model, its recipe or its export changed on disk since it was read: reload it (F5)";
        return;
    }
    const Known *now = known();
    if (now == nullptr || (!now->hasMagnitudes && !m_flows.empty()))
        return runOwn(*m_basis);
    for (const Wanted &wanted : m_wanted)
        if (!now->effects.contains(keyOf(wanted.choices, m_flows)))
            return runCandidate(*now, wanted);
}

void EffectStore::runOwn(const Basis &basis)
{
    RunRequest request = requestOf(basis);
    request.magnitudes = !m_flows.empty();
    m_session.runs().queue().post<RunResult>(
        this, [request](RunClient &client, const Progress &progress) { return runWith(client, request, {}, progress); },
        [this, basis, magnitudes = request.magnitudes](Result<RunResult> ran) {
            if (!ran)
                return fail(ran.error());
            std::erase_if(m_known, [&](const Known &k) { return k.basis == basis; });
            if (m_known.size() == kKeptBases)
                m_known.erase(m_known.begin());
            m_known.push_back({basis, std::make_shared<const RunResult>(std::move(*ran)), magnitudes, {}});
            next();
            notify();
        },
        {}, RunQueue::Priority::Background);
}

/// What one candidate does; that it has no place in the graph is its own affair.
static Result<CandidateEffect> measured(RunClient &client, const RunRequest &request, const RunResult &own,
    const std::vector<std::string> &choices, const std::vector<SlotId> &flows, const Progress &progress)
{
    CandidateEffect out;
    const auto ran = choices.empty() ? Result<RunResult>(own) : runWith(client, request, choices, progress);
    if (!ran && ran.error().kind != ErrorKind::Usage)
        return tl::unexpected(ran.error());
    if (!ran) {
        out.problem = ran.error().message;
        return out;
    }
    out.effect = effectOf(own, *ran);
    for (const SlotId &slot : flows)
        if (const LayerFlow *flow = ran->at(slot.layer, slot.slot))
            out.flows.push_back(*flow);
    return out;
}

void EffectStore::runCandidate(const Known &known, const Wanted &wanted)
{
    m_session.runs().queue().post<CandidateEffect>(
        this,
        [request = requestOf(known.basis), own = known.own, choices = wanted.choices, flows = m_flows](
            RunClient &client, const Progress &progress) {
            return measured(client, request, *own, choices, flows, progress);
        },
        [this, basis = known.basis, key = keyOf(wanted.choices, m_flows)](Result<CandidateEffect> effect) {
            if (!effect)
                return fail(effect.error());
            for (Known &k : m_known)
                if (k.basis == basis)
                    k.effects[key] = std::move(*effect);
            next();
            notify();
        },
        {}, RunQueue::Priority::Background);
}

void EffectStore::fail(const Error &error)
{
    m_problem = error.text();
    notify();
}

const CandidateEffect *EffectStore::effect(const std::string &candidate) const
{
    const Known *now = known();
    const auto wanted = std::ranges::find(m_wanted, candidate, &Wanted::candidate);
    if (now == nullptr || wanted == m_wanted.end())
        return nullptr;
    const auto found = now->effects.find(keyOf(wanted->choices, m_flows));
    return found == now->effects.end() ? nullptr : &found->second;
}

std::shared_ptr<const RunResult> EffectStore::own() const
{
    const Known *now = known();
    return now && (now->hasMagnitudes || m_flows.empty()) ? now->own : nullptr;
}

EffectStore::Count EffectStore::count() const
{
    Count out{0, m_basis ? m_wanted.size() : 0};
    for (const Wanted &wanted : m_wanted)
        out.done += effect(wanted.candidate) ? 1u : 0u;
    return out;
}

bool EffectStore::idle() const { return !m_session.runs().queue().busy(this) && !awaitsRun(); }

void EffectStore::cancel()
{
    if (idle())
        return;
    m_stopped = true;
    if (awaitsRun())
        m_session.runs().cancel();
    m_session.runs().queue().cancel(this);
    notify();
}

void EffectStore::resume()
{
    m_stopped = false;
    m_problem.clear();
    m_askedFor.reset();
    ask();
    next();
    notify();
}

} // namespace quantscope
