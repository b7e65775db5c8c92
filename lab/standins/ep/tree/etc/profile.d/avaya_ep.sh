# Lab only.
export AVAYA_HOME=/opt/Avaya/VoicePortal
export VP_HOME=/opt/Avaya/VoicePortal
