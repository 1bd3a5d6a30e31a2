import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """What happened to people is kept for the bell; push has its switches beside those of emails."""

    dependencies = [
        ('accounts', '0018_invited'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='push_bookings',
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.AddField(
            model_name='user',
            name='push_messages',
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.AddField(
            model_name='user',
            name='push_reminders',
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.AddField(
            model_name='user',
            name='push_teaching',
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40, verbose_name='kind')),
                ('data', models.JSONField(default=dict, verbose_name='data')),
                ('key', models.CharField(max_length=100)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('read_at', models.DateTimeField(editable=False, null=True, verbose_name='read')),
                ('mail_begun_at', models.DateTimeField(editable=False, null=True)),
                ('mail_done_at', models.DateTimeField(editable=False, null=True, verbose_name='email settled')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'notice',
                'verbose_name_plural': 'notices',
                'indexes': [models.Index(fields=['user', '-created_at', '-id'], name='notice_latest'), models.Index(condition=models.Q(('read_at', None)), fields=['user'], name='notice_unread'), models.Index(fields=['created_at'], name='notice_age')],
                'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='notice_once_each')],
            },
        ),
    ]
