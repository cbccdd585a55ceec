#include "charts/chart_actions.h"

#include "look/theme.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QImage>
#include <QMessageBox>
#include <QPainter>
#include <QSaveFile>
#include <QSvgGenerator>
#include <QWidget>

using namespace Qt::StringLiterals;

namespace quantscope {

ChartActions::ChartActions(QWidget *chart, const QString &name, Paint paint)
    : QObject(chart)
    , m_chart(chart)
    , m_name(name)
    , m_paint(std::move(paint))
{
    const auto add = [this](const QString &text, const QKeySequence &keys, auto slot) {
        auto *action = new QAction(text, m_chart);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        m_chart->addAction(action);
        connect(action, &QAction::triggered, this, slot);
    };
    add(tr("Copy chart as image"), QKeySequence::Copy, [this] { QApplication::clipboard()->setImage(image()); });
    add(tr("Save chart as PNG…"), QKeySequence(u"Ctrl+Shift+S"_s), [this] { save(u"png"_s); });
    add(tr("Save chart as SVG…"), QKeySequence(u"Ctrl+Shift+G"_s), [this] { save(u"svg"_s); });
    m_chart->setContextMenuPolicy(Qt::ActionsContextMenu);
}

QImage ChartActions::image() const
{
    const qreal ratio = 2; // a picture in a document should survive zooming
    QImage image(m_chart->size() * ratio, QImage::Format_ARGB32_Premultiplied);
    image.setDevicePixelRatio(ratio);
    image.fill(colours().panel);
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    m_paint(painter, m_chart->size());
    return image;
}

QString ChartActions::savePng(const QString &path) const
{
    QSaveFile file(path);
    if (file.open(QIODevice::WriteOnly) && image().save(&file, "PNG") && file.commit())
        return {};
    return path + u": "_s + file.errorString();
}

QString ChartActions::saveSvg(const QString &path) const
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly))
        return path + u": "_s + file.errorString();
    QSvgGenerator generator;
    generator.setOutputDevice(&file);
    generator.setSize(m_chart->size());
    generator.setViewBox(QRect(QPoint(0, 0), m_chart->size()));
    generator.setTitle(m_name);
    generator.setDescription(u"QuantScope"_s);
    {
        QPainter painter(&generator);
        painter.fillRect(QRect(QPoint(0, 0), m_chart->size()), colours().panel);
        m_paint(painter, m_chart->size());
    }
    return file.commit() ? QString() : path + u": "_s + file.errorString();
}

void ChartActions::save(const QString &suffix)
{
    QString path = QFileDialog::getSaveFileName(
        m_chart, tr("Save the chart"), m_name + u"."_s + suffix, suffix.toUpper() + u" (*."_s + suffix + u")"_s);
    if (path.isEmpty())
        return;
    if (QFileInfo(path).suffix().isEmpty())
        path += u"."_s + suffix;
    const QString error = suffix == u"png" ? savePng(path) : saveSvg(path);
    if (!error.isEmpty())
        QMessageBox::warning(m_chart, tr("The chart was not saved"), error);
}

} // namespace quantscope
