#include "pages/overview/dpu_shift_bar.h"

#include "items/text.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QLabel>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

static QString shiftText(const QString &name, const std::optional<DpuShift> &shift)
{
    if (!shift)
        return DpuShiftBar::tr("%1 not known").arg(name);
    const QString text
        = DpuShiftBar::tr("%1 %2, of %3").arg(name).arg(wholeText(shift->value), withPowers(qs(rangeText(*shift))));
    return shift->fits() ? text : DpuShiftBar::tr("■ %1: the DPU has no such shift").arg(text);
}

DpuShiftBar::DpuShiftBar(Session &session, QWidget *parent)
    : Card(parent, 10)
    , m_session(session)
    , m_text(plainLabel())
{
    setObjectName(u"dpu-shifts"_s);
    m_text->setObjectName(u"dpu-shifts-text"_s);
    m_text->setWordWrap(true);
    box()->addWidget(m_text);
    hide();
}

void DpuShiftBar::refresh()
{
    const bool ready = m_session.state() == Session::State::Ready;
    if (ready && m_network != m_session.network()) {
        m_network = m_session.network();
        m_shifts = dpuShifts(Arrivals(*m_network));
    }
    const Layer *layer = ready ? m_session.currentLayer() : nullptr;
    const auto found = layer == nullptr ? m_shifts.end() : std::ranges::find(m_shifts, layer->id, &DpuShifts::layer);
    setVisible(found != m_shifts.end());
    if (found == m_shifts.end())
        return;
    m_text->setText(
        tr("DPU: %1; %2").arg(shiftText(u"shift_cut"_s, found->cut), shiftText(u"shift_bias"_s, found->biasShift)));
    m_text->setToolTip(
        plainTip(tr("shift_cut = weight + input − output, shift_bias = weight + input − bias, in fix positions "
                    "(fractional bits)\n%1")
                     .arg(qs(found->formula))));
}

} // namespace quantscope
