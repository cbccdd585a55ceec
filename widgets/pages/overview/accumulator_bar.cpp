#include "pages/overview/accumulator_bar.h"

#include "items/accumulator_facts.h"
#include "look/theme.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QLabel>

using namespace Qt::StringLiterals;

namespace quantscope {

AccumulatorBar::AccumulatorBar(Session &session, QWidget *parent)
    : Card(parent, 10)
    , m_session(session)
    , m_text(plainLabel())
{
    setObjectName(u"accumulator"_s);
    m_text->setObjectName(u"accumulator-text"_s);
    m_text->setWordWrap(true);
    box()->addWidget(m_text);
    hide();
    connect(&session.target(), &TargetStore::changed, this, &AccumulatorBar::refresh);
}

void AccumulatorBar::refresh()
{
    const auto &checked = m_session.target().checked();
    const Layer *layer = m_session.currentLayer();
    AccumulatorFacts facts;
    if (checked && checked->accumulators && layer != nullptr && checked->network == m_session.network())
        facts = accumulatorFacts(*checked->network, *checked->accumulators, layer->id);
    setVisible(!facts.text.isEmpty());
    m_text->setText(facts.text);
    m_text->setToolTip(plainTip(facts.tip));
    QPalette palette = m_text->palette();
    palette.setColor(QPalette::WindowText, facts.overflows ? colours().redText : colours().text);
    m_text->setPalette(palette);
}

} // namespace quantscope
