#include "panels/target_choice.h"

#include "items/text.h"
#include "look/controls.h"
#include "session/session.h"

using namespace Qt::StringLiterals;

namespace quantscope {

/// "DPU" of "The DPU".
static QString titleOf(Target target)
{
    const QString title = qs(targetTitle(target));
    return title.startsWith(u"The ") ? title.mid(4) : title;
}

TargetChoice::TargetChoice(Session &session, QWidget *parent)
    : QComboBox(parent)
    , m_session(session)
{
    setObjectName(u"target"_s);
    setAccessible(this, tr("Target"),
        tr("What the model is made for: the problems below the layers then say what that target refuses or computes "
           "differently, by the rules of 'quantscope check --target'. Kept for this model"));
    addItem(tr("No target"));
    for (const std::string_view name : targetNames())
        addItem(titleOf(*targetFromName(name)), qs(name));
    connect(this, &QComboBox::activated, this,
        [this](int at) { m_session.target().setTarget(targetFromName(str(itemData(at).toString()))); });
    connect(&session.target(), &TargetStore::changed, this, &TargetChoice::onChanged);
    onChanged();
}

void TargetChoice::onChanged()
{
    const auto target = m_session.target().target();
    setCurrentIndex(target ? findData(qs(targetName(*target))) : 0);
    setVisible(m_session.network() != nullptr);
}

} // namespace quantscope
