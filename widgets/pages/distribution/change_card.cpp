#include "pages/distribution/change_card.h"

#include "charts/change_chart.h"
#include "charts/chart_actions.h"
#include "items/text.h"
#include "pages/page.h"
#include "pages/parts/chart_caption.h"
#include "session/session.h"

#include <QBoxLayout>

using namespace Qt::StringLiterals;

namespace quantscope {

ChangeCard::ChangeCard(Page &page)
    : Card(&page, 10)
    , m_page(page)
    , m_text(dimLabel())
    , m_chart(new ChangeChart)
{
    m_text->setObjectName(u"change-text"_s);
    m_chart->setObjectName(u"change-chart"_s);
    m_chart->setToolTip(plainTip(tr("how many codes changed by how much, in powers of two; a click finds them")));
    box()->addWidget(m_text);
    box()->addWidget(m_chart);
    Session &session = page.session();
    SecondModel &second = session.second();
    connect(&second, &SecondModel::changed, this, &ChangeCard::refresh);
    connect(&session, &Session::selectionChanged, this, &ChangeCard::refresh);
    connect(&session, &Session::networkChanged, this, &ChangeCard::refresh);
    connect(&second.statistics(), &StatisticsStore::ready, &page, [&page] {
        if (page.isVisible())
            page.refreshNow(); // the second's bars are there
    });
    connect(
        m_chart, &ChangeChart::activated, this, [this](int bar) { Q_EMIT m_page.queryRequested(m_chart->query(bar)); });
    refresh();
}

void ChangeCard::refresh()
{
    Session &session = m_page.session();
    const auto comparison = session.second().comparison();
    const SlotRef slot = comparison ? session.currentSlot() : SlotRef();
    const SlotDifference *difference = slot ? comparison->of(slot.id()) : nullptr;
    const bool shown = difference && difference->codesChanged.value_or(0) > 0;
    setVisible(shown);
    if (!shown)
        return;
    m_text->setText(
        tr("Change of the codes against %1: %2 of %3 changed, %4 did not")
            .arg(session.second().name(), groupedText(*difference->codesChanged), groupedText(*difference->count),
                groupedText(*difference->count - *difference->codesChanged)));
    m_chart->setBins(difference->histogram, *difference->count);
    m_chart->actions()->setCaption(chartCaption(session, slot, tr("change of the codes")));
}

} // namespace quantscope
