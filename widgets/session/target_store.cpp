#include "session/target_store.h"

#include "base/text.h"
#include "items/text.h"
#include "recipe/recipe_toml.h"
#include "report/check_report.h"
#include "session/session.h"
#include "session/settings.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

TargetStore::TargetStore(Session &session)
    : m_session(session)
{
    connect(&session, &Session::networkChanged, this, &TargetStore::onNetwork);
    connect(&session.statistics(), &StatisticsStore::ready, this, &TargetStore::start);
    connect(&session.statistics(), &StatisticsStore::progress, this, &TargetStore::start);
    connect(&session, &Session::progressChanged, this, [this](const QString &, int permille) {
        if (permille == 1000 && m_network && !m_checked && !m_checking.running())
            Q_EMIT changed(); // nothing runs any more: somebody may have stopped it
    });
}

void TargetStore::setTarget(std::optional<Target> target)
{
    if (target == m_target)
        return;
    m_target = target;
    if (!m_path.isEmpty())
        Settings::setTargetChoice(m_path, target ? qs(targetName(*target)) : QString());
    m_checked.reset();
    m_checking.cancel();
    Q_EMIT changed();
    start();
}

void TargetStore::onNetwork()
{
    const auto network = m_session.network();
    if (const QString path = m_session.path(); path != m_path) {
        m_path = path;
        m_target = targetFromName(str(Settings::targetChoice(path)));
    }
    if (network != m_network || (m_checked && !network)) {
        m_network = network;
        m_checked.reset();
        m_checking.cancel();
    }
    if (!network)
        m_last.reset();
    Q_EMIT changed();
    start();
}

/// Two recipes that differ in what they mute alone give the same codes.
static std::string recipeOfCodes(Recipe recipe)
{
    recipe.mutes.clear();
    return recipeText(recipe);
}

std::shared_ptr<const Accumulators> TargetStore::knownSums(const std::shared_ptr<const Network> &network) const
{
    if (!m_last || m_last->network->file != network->file)
        return nullptr;
    const bool same
        = m_last->network == network || recipeOfCodes(m_last->network->recipe) == recipeOfCodes(network->recipe);
    return same ? m_last->accumulators : nullptr;
}

/// Rules look at statistics too: not before all of them are there.
void TargetStore::start()
{
    const auto network = m_session.network();
    const Inspection &inspection = m_session.inspection();
    if (!network || m_checked || m_checking.running() || m_session.state() != Session::State::Ready
        || !m_session.statistics().complete() || inspection.network != network)
        return;
    m_checking.start(
        [inspection, target = m_target, sums = knownSums(network), unreadable = m_session.statistics().problems()](
            const Progress &progress) { return checkNetwork(inspection, target, sums, unreadable, progress); },
        [this, network, target = m_target](Result<std::shared_ptr<const CheckedNetwork>> result) {
            if (!result || network != m_session.network() || target != m_target)
                return;
            m_last = m_checked = std::move(*result);
            Q_EMIT changed();
        });
}

/// Why nothing is said yet.
static QString awaitedText(Session &session, std::optional<Target> target)
{
    const QString who = target ? qs(targetTitle(*target)) + u": "_s : QString();
    if (session.state() != Session::State::Ready || !session.statistics().idle())
        return who + TargetStore::tr("checked when all statistics are there");
    return who
        + (session.statistics().complete() ? TargetStore::tr("being checked…")
                                           : TargetStore::tr("not checked: the statistics were stopped"));
}

Verdict TargetStore::verdict() const
{
    if (!m_session.network())
        return {};
    const QString rules = m_target ? tr("by the rules of 'quantscope check --target %1'").arg(qs(targetName(*m_target)))
                                   : tr("by the rules of 'quantscope check', which hold for every target");
    if (!m_checked)
        return {Verdict::State::Open, awaitedText(m_session, m_target), rules};
    const CheckResult &result = m_checked->result;
    const bool taken = result.accepted();
    Verdict out{!taken ? Verdict::State::Refused
            : m_target ? Verdict::State::Taken
                       : Verdict::State::Open,
        qs(checkSummary(result)), rules};
    if (!taken || m_target)
        out.text.prepend(taken ? u"✓ "_s : u"■ "_s);
    if (!result.unchecked.empty())
        out.text += tr(" · %1 not checked").arg(countText(result.unchecked.size(), tr("rule")));
    for (const UncheckedRules &one : byReason(result.unchecked)) {
        QStringList names;
        for (const std::string &rule : one.rules)
            names << qs(rule);
        out.tip += tr("\nnot checked: %1: %2").arg(names.join(u", "_s), shownText(one.why));
    }
    return out;
}

bool TargetStore::canMute() const { return m_session.network() && m_session.state() == Session::State::Ready; }

void TargetStore::mute(const std::string &rule, const std::string &subject)
{
    std::vector<std::string> mutes = m_session.recipe().mutes;
    const std::string pattern = subject.empty() ? rule : rule + ':' + globEscape(subject);
    if (std::ranges::find(mutes, pattern) != mutes.end())
        return;
    mutes.push_back(pattern);
    setMutes(std::move(mutes), tr("mute %1").arg(shownText(subject.empty() ? rule : rule + " of " + subject)));
}

void TargetStore::unmute(const std::string &pattern)
{
    std::vector<std::string> mutes = m_session.recipe().mutes;
    if (std::erase(mutes, pattern) > 0)
        setMutes(std::move(mutes), tr("unmute %1").arg(shownText(pattern)));
}

void TargetStore::setMutes(std::vector<std::string> mutes, const QString &undoText)
{
    if (!canMute())
        return;
    Recipe after = m_session.recipe();
    after.mutes = std::move(mutes);
    m_session.pushEdit(std::move(after), undoText);
}

} // namespace quantscope
